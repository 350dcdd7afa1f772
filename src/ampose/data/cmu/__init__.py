"""The CMU Graphics Lab Motion Capture Database."""

from ampose.data.cmu import cmu_mocap, joint_arrays

__all__ = ["cmu_mocap", "joint_arrays"]
