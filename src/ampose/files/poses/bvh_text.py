"""The text of a BVH file, as programs write it, in joints, offsets, channels and numbers.

Programs differ: names have blanks and colons (``Bip01 L Thigh``, ``mixamorig:Hips``), braces stand on a joint's line,
key words are written small, joints that are no roots have positions, decimal commas come from a computer's language.
"""

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ampose.errors import InputError
from ampose.poses.timing import MOST_FRAMES

_MOTION = re.compile(
    r"\bMOTION\b\s*Frames\s*:\s*(?P<frames>\d+)\s*Frame\s+Time\s*:\s*(?P<seconds>\S+)(?P<rows>.*)",
    re.IGNORECASE | re.DOTALL,
)
_CHANNEL = re.compile(r"([XYZ])(position|rotation)", re.IGNORECASE)
END = "_end"
"""What an end site is called, after its joint."""


@dataclass(frozen=True)
class BvhText:
    """A hierarchy and its motion.

    Args:
        names: Joints and end sites, each after its parent, the root first.
        parents: Number of each one's parent; -1 for the root.
        offsets: From the parent, in the file's unit.
        channels: Joint and channel (``Xposition``) of each number in a row.
        rows: A row a frame.
        seconds: The frame time as it is written.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: Float[np.ndarray, "joint 3"]
    channels: tuple[tuple[int, str], ...]
    rows: Float[np.ndarray, "frame channel"]
    seconds: str

    @property
    def ends(self) -> tuple[int, ...]:
        """Numbers of the end sites."""
        inner = {*self.parents, *(joint for joint, _ in self.channels)}
        return tuple(at for at, name in enumerate(self.names) if END in name and at not in inner)


def parse_bvh(text: str) -> BvhText:
    """Return what a BVH file says.

    Raises:
        InputError: It has several roots, more frames than any, or a joint without a name.
        ValueError: It is none, or not whole.
    """
    motion = _MOTION.search(text)
    if motion is None:
        raise ValueError("no Frames: and Frame Time: after MOTION")
    frames, seconds, numbers = int(motion["frames"]), motion["seconds"], motion["rows"]
    seconds, numbers = seconds.replace(",", "."), numbers.replace(",", ".")
    names, parents, offsets, channels = _hierarchy(text[: motion.start()])
    values = np.array(numbers.split(), dtype=np.float64)
    if not 1 <= frames <= MOST_FRAMES or values.size != frames * len(channels) or not np.isfinite(values).all():
        raise ValueError(f"{values.size} numbers for {frames} frames of {len(channels)} channels")
    if not 0 < float(seconds) < np.inf:
        raise ValueError(f"the frame time {seconds}")
    return BvhText(
        tuple(names), tuple(parents), np.array(offsets), tuple(channels), values.reshape(frames, -1), seconds
    )


def _hierarchy(text: str) -> tuple[list[str], list[int], list[list[float]], list[tuple[int, str]]]:
    names: list[str] = []
    parents: list[int] = []
    offsets: list[list[float]] = []
    channels: list[tuple[int, str]] = []
    open_joints: list[int] = []
    count: Counter[str] = Counter()
    for line in re.sub(r"([{}])", r"\n\1\n", text).splitlines():
        first, *words = line.split() or [""]
        key, rest = first.lower(), line.strip()[len(first) :].strip()
        if key in ("root", "joint", "end"):
            if key == "root" and names:
                raise InputError("the file must have one ROOT, got several; take the people apart first")
            parents.append(open_joints[-1] if open_joints else -1)
            name = f"{names[parents[-1]]}{END}" if key == "end" else rest
            if not name:
                raise InputError("joints must have a name each, got one without")
            count[name] += 1
            names.append(name if count[name] == 1 else f"{name}_{count[name]}")
            open_joints.append(len(names) - 1)
        elif key == "offset":
            offsets.append([float(number.replace(",", ".")) for number in words[:3]])
        elif key == "channels":
            channels += [(open_joints[-1], channel) for channel in _channels(words)]
        elif key == "}":
            open_joints.pop()
        elif key not in ("", "{", "hierarchy"):
            raise ValueError(f"the unknown line {line.strip()[:40]}")
    whole = names and len(offsets) == len(names) and not open_joints and all(len(offset) == 3 for offset in offsets)
    if not whole or not np.isfinite(offsets).all():
        raise ValueError("no whole HIERARCHY with one ROOT")
    return names, parents, offsets, channels


def _channels(words: list[str]) -> list[str]:
    named = [match for word in words[1:] if (match := _CHANNEL.fullmatch(word))]
    if not len(named) == len(words) - 1 == int(words[0]):
        raise ValueError(f"the unknown channels {' '.join(words)}")
    return [match[1].upper() + match[2].lower() for match in named]
