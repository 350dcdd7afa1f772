"""The CMU Graphics Lab Motion Capture Database."""

from ampose.data.cmu import cmu_mocap

__all__ = ["cmu_mocap"]
