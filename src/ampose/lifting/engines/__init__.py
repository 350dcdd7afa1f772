"""How a network is run: one file per engine.

The model files are written to be read. What runs is a form of them that is derived here (``folded``), by the engine
that suits the machine and the number of poses (``choice``). All engines answer the same to a hundredth of a
millimetre in float32.
"""

from ampose.lifting.engines.choice import choose_engine
from ampose.lifting.engines.engine import Engine, Precision, create_engine, engines
from ampose.lifting.engines.runners import AUTO, COMPARED, Runners
from ampose.lifting.engines.running import EngineNetwork

__all__ = [
    "AUTO",
    "COMPARED",
    "Engine",
    "EngineNetwork",
    "Precision",
    "Runners",
    "choose_engine",
    "create_engine",
    "engines",
]
