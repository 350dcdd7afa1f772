"""Install a source distribution and run its tests where there is no git: ``python -m tools.release.sdist FILE``.

More words go to pytest, as in ``... FILE tests/poses -x``.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tools.release.wheel import make_environment, pip

NO_GIT = "#!/bin/sh\necho 'git is not here' >&2\nexit 127\n"


def check(sdist: Path, words: Sequence[str]) -> int:
    """Return the exit status of the tests."""
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(sdist) as archive:
            archive.extractall(folder, filter="data")
        (tree,) = Path(folder).iterdir()
        shim = Path(folder, "without", "git")
        shim.parent.mkdir()
        shim.write_text(NO_GIT, encoding="utf-8")
        shim.chmod(0o755)
        os.environ["PATH"] = f"{shim.parent}{os.pathsep}{os.environ['PATH']}"
        python = make_environment(Path(folder, "environment"))
        with_tests = ("--editable", f"{tree}[all]", "--group", f"{tree / 'pyproject.toml'}:test")
        pip("--python", python, "install", "--no-compile", "--constraint", tree / "constraints.txt", *with_tests)
        return subprocess.run([python, "-m", "pytest", "-q", "-n", "2", *words], cwd=tree, check=False).returncode


if __name__ == "__main__":
    sys.exit(check(Path(sys.argv[1]).resolve(), sys.argv[2:]))
