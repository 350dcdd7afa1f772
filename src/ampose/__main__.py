"""``python -m ampose`` is the command ``ampose``."""

import sys

from ampose.cli import main

sys.exit(main())
