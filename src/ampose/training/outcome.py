"""How a session of training ended."""

from dataclasses import dataclass
from pathlib import Path

from ampose.training.checkpoint import Progress


@dataclass(frozen=True)
class Outcome:
    """How a session ended."""

    done: bool
    progress: Progress
    folder: Path
    train_frames: int
    validation_frames: int
    process: int = 0
    """Which of several processes this is; the first one speaks for all."""
