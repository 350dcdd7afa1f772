"""Windows over time: which frames a network looks at to answer for one, and where a clip ends.

One rule for use, evaluation and training. A window has as many frames as the network's receptive field and never
reaches into another clip: beyond the ends of its own it repeats the first or the last frame (edge padding, as
VideoPose3D and its successors do).

``centre``
    The network answers for the middle of the window. Every frame has a window of its own.
``sequence``
    It answers for all frames. A clip is cut into windows side by side; the last one is moved back to end with
    the clip.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

Output = Literal["centre", "sequence"]
"""For which frames of its window a network answers."""


@dataclass(frozen=True, kw_only=True)
class FrameIndex:
    """Where samples lie among the frames of clips.

    Args:
        frame: Which frame each sample is.
        first: First frame of the sample's clip.
        last: Last frame of the sample's clip.

    Example:
        >>> index = FrameIndex.of_clips([0, 2, 5])
        >>> index.first.tolist(), index.last.tolist()
        ([0, 0, 2, 2, 2], [1, 1, 4, 4, 4])
    """

    frame: Int[Tensor, " sample"]
    first: Int[Tensor, " sample"]
    last: Int[Tensor, " sample"]

    @classmethod
    def of_clips(cls, clip_starts: "Sequence[int] | Int[np.ndarray, ' clip_end']") -> "FrameIndex":
        """Every frame is a sample.

        Args:
            clip_starts: First frame of each clip, and the number of frames at the end.
        """
        starts = torch.as_tensor(np.asarray(clip_starts, dtype=np.int64))
        lengths = starts.diff()
        return cls(
            frame=torch.arange(int(starts[-1])),
            first=starts[:-1].repeat_interleave(lengths),
            last=(starts[1:] - 1).repeat_interleave(lengths),
        )

    def __len__(self) -> int:
        return len(self.frame)

    def __getitem__(self, samples: "Tensor | slice") -> "FrameIndex":
        """Return some of the samples."""
        return FrameIndex(frame=self.frame[samples], first=self.first[samples], last=self.last[samples])

    def shifted(self, frames: int) -> "FrameIndex":
        """Return the same samples where so many more frames come before."""
        return FrameIndex(frame=self.frame + frames, first=self.first + frames, last=self.last + frames)


@dataclass(frozen=True, kw_only=True)
class Clips:
    """The clips that samples are frames of, so that a network can look at the frames before and after.

    Args:
        keypoints_px: Pixels of all frames of all clips, one clip after the other.
        index: Which of them the samples are.
    """

    keypoints_px: Float[Tensor, "frame joint 2"]
    index: FrameIndex

    def __getitem__(self, samples: "Tensor | slice") -> "Clips":
        """Return the clips of some of the samples; the frames are shared."""
        return Clips(keypoints_px=self.keypoints_px, index=self.index[samples])

    @classmethod
    def concatenate(cls, parts: "Sequence[Clips]") -> "Clips":
        """Join clips of the same skeleton; each stays a clip of its own."""
        before = np.cumsum([0, *(len(part.keypoints_px) for part in parts)]).tolist()
        moved = [part.index.shifted(frames) for part, frames in zip(parts, before, strict=False)]
        return cls(
            keypoints_px=torch.cat([part.keypoints_px for part in parts]),
            index=FrameIndex(
                **{name: torch.cat([getattr(each, name) for each in moved]) for name in ("frame", "first", "last")}
            ),
        )


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Windows that hold the answers for some samples.

    Args:
        rows: The frames of each window.
        window: In which window each sample is answered.
        place: At which frame of the window's answer.
        sample: One of the samples of each window.
    """

    rows: Int[Tensor, "window frame"]
    window: Int[Tensor, " sample"]
    place: Int[Tensor, " sample"]
    sample: Int[Tensor, " window"]

    def __len__(self) -> int:
        return len(self.rows)


def cut_windows(index: FrameIndex, frames: int, output: Output) -> Windows:
    """Cut the windows in which a network with this receptive field answers for the samples.

    Example:
        >>> clip = FrameIndex.of_clips([0, 4])
        >>> cut_windows(clip, 3, "centre").rows.tolist()
        [[0, 0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 3]]
        >>> cut_windows(clip, 3, "sequence").rows.tolist()
        [[0, 1, 2], [1, 2, 3]]
    """
    if output == "centre":
        # A window around every sample.
        window = sample = torch.arange(len(index))
        starts, place = index.frame - frames // 2, torch.zeros_like(window)
    else:
        # The window that a sample falls into, counted from its clip's first frame; the last one is moved back to end
        # with the clip, which a clip that is shorter than a window has no room for.
        inside = (index.frame - index.first) // frames * frames
        wanted = torch.minimum(index.first + inside, index.last + 1 - frames).maximum(index.first)
        # A window's first frame says which clip it is of, because clips share no frame: equal starts are one window.
        starts, window = torch.unique(wanted, return_inverse=True)
        sample = torch.empty_like(starts)
        sample[window] = torch.arange(len(window))
        place = index.frame - wanted
    rows = _clamped(starts, frames, index.first[sample], index.last[sample])
    return Windows(rows=rows, window=window, place=place, sample=sample)


def runs(index: FrameIndex, least: int, most: int) -> list[slice]:
    """Return the runs of samples that follow each other frame by frame in one clip.

    Args:
        index: Of the samples.
        least: Shorter runs are left out.
        most: Longer ones are cut.

    Example:
        >>> runs(FrameIndex.of_clips([0, 3, 8]), least=2, most=4)
        [slice(0, 3, None), slice(3, 7, None)]
    """
    follows = (index.frame.diff() == 1) & (index.first.diff() == 0)
    ends = [*(torch.nonzero(~follows)[:, 0] + 1).tolist(), len(index)]
    spans = zip([0, *ends], ends, strict=False)
    cut = [slice(at, min(at + most, end)) for start, end in spans for at in range(start, end, most)]
    return [run for run in cut if run.stop - run.start >= least]


def frames_around_run(index: FrameIndex, frames: int) -> Int[Tensor, " frame"]:
    """Return the frames of all windows around samples that follow each other, each once; edges are repeated.

    Example:
        >>> frames_around_run(FrameIndex.of_clips([0, 4]), 3).tolist()
        [0, 0, 1, 2, 3, 3]
    """
    length = len(index) + frames - 1
    return _clamped(index.frame[:1] - frames // 2, length, index.first[:1], index.last[:1])[0]


def _clamped(start: Tensor, frames: int, first: Tensor, last: Tensor) -> Int[Tensor, "window frame"]:
    """Frames that follow each other, the clip's edges repeated."""
    return (start[:, None] + torch.arange(frames)).clamp(first[:, None], last[:, None])


def clip_starts(there: Bool[np.ndarray, " frame"]) -> Int[np.ndarray, " clip_end"]:
    """Where runs of frames that are there begin, counted in such frames; their number at the end.

    Example:
        >>> clip_starts(np.array([True, True, False, True, False, False])).tolist()
        [0, 2, 3]
    """
    rows = np.flatnonzero(there)
    breaks = np.flatnonzero(np.diff(rows) > 1) + 1
    return np.concatenate([[0], breaks, [len(rows)]]) if len(rows) else np.zeros(1, dtype=np.int64)


def around_centre(seen: Bool[Tensor, "window frame"]) -> Int[Tensor, "window frame"]:
    """Keep the run of frames that are seen around the middle one, and pad it: its edges are repeated.

    Returns:
        For each frame of each window the frame to take. The middle one counts as seen.

    Example:
        >>> around_centre(torch.tensor([[True, False, True, True, False]])).tolist()
        [[2, 2, 2, 3, 3]]
    """
    frames = seen.shape[1]
    centre = frames // 2
    before = seen[:, :centre].flip(1).cumprod(dim=1).sum(dim=1)
    after = seen[:, centre + 1 :].cumprod(dim=1).sum(dim=1)
    return torch.arange(frames).expand_as(seen).clamp((centre - before)[:, None], (centre + after)[:, None])
