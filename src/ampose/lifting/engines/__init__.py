"""How a network is run: one file per engine.

The model files are written to be read. What runs is an equivalent, faster form that is derived from them
(``fused.py``), on the engine that suits the machine and the number of poses (``runners.py``). In float32 all engines
agree to a hundredth of a millimetre.
"""

from ampose.lifting.engines.engine import Engine, create_engine, engines
from ampose.lifting.engines.engine_network import EngineNetwork
from ampose.lifting.engines.runners import COMPARED, Runners, choose_engine

__all__ = [
    "COMPARED",
    "Engine",
    "EngineNetwork",
    "Runners",
    "choose_engine",
    "create_engine",
    "engines",
]
