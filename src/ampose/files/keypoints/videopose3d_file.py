"""VideoPose3D's 2D files: ``data_2d_custom_*.npz``, and those of Human3.6M in the same layout.

``positions_2d`` is ``{video: {"custom": [(frame, 17, 2) pixels]}}`` and ``metadata`` ``{layout_name, num_joints,
keypoints_symmetry, video_metadata: {video: {w, h}}}``, both pickled: they are read without running anything. There is
no confidence in it: joints that are there have 1. Frames without a person were filled in by VideoPose3D's own script.
https://github.com/facebookresearch/VideoPose3D/blob/main/INFERENCE.md
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ampose.errors import InputError
from ampose.files.keypoints.content import Content
from ampose.files.keypoints.gather import RawPerson, gather
from ampose.files.keypoints.joints import layout_by_number
from ampose.files.keypoints.reader import PeopleFile, ReaderOptions, readers
from ampose.poses.skeletons import get_skeleton

_LAYOUTS = {"coco": "coco_17", "h36m": "human36m_17"}
_CUSTOM = "custom"


@readers.register(
    "videopose3d",
    title="VideoPose3D, custom",
    looks_for="an npz file with positions_2d and metadata",
    words=("positions_2d", "metadata"),
    size=True,
    videos=True,
    example="data_2d_custom_mine.npz",
)
class VideoPose3DCustom:
    """VideoPose3D's custom files; the layout is described at the top of this file."""

    def fits(self, content: Content) -> bool:
        """Tell whether the arrays have VideoPose3D's names."""
        return {"positions_2d", "metadata"} <= content.names

    def read(self, content: Content, options: ReaderOptions) -> PeopleFile:
        """Read the only video, or the one that was named."""
        metadata: Mapping[str, Any] = content.arrays["metadata"]
        videos = {  # each array by the name of its video, or of its subject, action and camera
            video if action == _CUSTOM and len(cameras) == 1 else f"{video}/{action}/{number}": array
            for video, actions in content.arrays["positions_2d"].items()
            for action, cameras in actions.items()
            for number, array in enumerate(cameras)
        }
        name = next(iter(videos)) if options.video is None and len(videos) == 1 else options.video
        if name is None or name not in videos:
            shown = ", ".join(list(videos)[:6]) + (", ..." if len(videos) > 6 else "")
            raise InputError(
                f"video must be one of the {len(videos)} in the file ({shown}), got {name}; name it (video)"
            )
        points = np.asarray(videos[name], dtype=np.float64)
        if points.ndim != 3 or points.shape[2] < 2:
            raise InputError(f"{name}: keypoints must have shape (frame, joint, 2), got {points.shape}")
        skeleton = options.skeleton or get_skeleton(_LAYOUTS[metadata["layout_name"]])
        rows = np.dstack([points[..., :2], np.ones(points.shape[:2])])
        people = {str(number): [RawPerson(row, 0)] for number, row in enumerate(rows)}
        stated = metadata.get("video_metadata", {}).get(name)
        size = (int(stated["w"]), int(stated["h"])) if stated else None
        layout = layout_by_number(points.shape[1], skeleton)
        return gather(people, options, layout=layout, image_size=size)
