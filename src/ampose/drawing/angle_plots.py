"""Joint angles over time as a figure."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ampose.drawing.notebook_figure import new_figure
from ampose.drawing.projection import INK, SIDE_COLOURS, hex_of
from ampose.errors import InputError
from ampose.poses.joint_angles import joint_angles
from ampose.poses.pose import Pose3D
from ampose.poses.skeletons.joint_sides import sides_of, stem_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDE_IN, _HIGH_IN = 7.0, 1.5


def draw_angles(pose: Pose3D, names: Sequence[str] | None = None) -> "Figure":
    """Return a figure with a plot for each angle, left and right in one; see ``Pose3D.plot_angles``."""
    angles = joint_angles(pose)
    known = list(dict.fromkeys(stem_of(name) for name in angles))
    if unknown := [name for name in names or () if name not in known]:
        raise InputError(
            f"angles must be among {', '.join(known) or 'none, with these joints'}, got {', '.join(unknown)}"
        )
    chosen = list(names or known)
    if not chosen:
        raise InputError(f"joints must tell an angle (hip, knee, elbow...), got {pose.skeleton.name} with none that do")
    figure = new_figure((_WIDE_IN, _HIGH_IN * len(chosen) + 0.4), layout="constrained")
    time = range(len(pose)) if pose.seconds is None else pose.seconds
    for axes, stem in zip(figure.subplots(len(chosen), sharex=True, squeeze=False)[:, 0], chosen, strict=True):
        for side, name in zip(("left", "right"), sides_of(stem), strict=True):
            if name in angles:
                axes.plot(time, angles[name], color=hex_of(SIDE_COLOURS[side]), label=side)
        if stem in angles:
            axes.plot(time, angles[stem], color=hex_of(INK))
        axes.set_ylabel(f"{stem.replace('_', chr(10), 1).replace('_', ' ')} (°)")
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[-1].set_xlabel("frame" if pose.seconds is None else "time (s)")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside upper right", ncols=2, frameon=False)
    return figure
