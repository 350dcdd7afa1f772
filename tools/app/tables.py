"""Write what the app in the browser shares with Python: ``python -m tools.app.tables``.

Constants, skeletons, joint angles and colours are typed once, in Python; ``web/app/generated/tables.js`` is written
from them, and a test compares the two.
"""

import json
import types
from pathlib import Path
from typing import Any

from ampose import DEFAULT_MODEL
from ampose.detectors.blazepose import (
    BlazePoseDetector,
    blazepose_detector,
    following,
    landmark_network,
    person_network,
    regions,
)
from ampose.drawing.web_page import COMMON
from ampose.files.poses import bvh_file, csv_file, json_file, own_header
from ampose.lifting.lifter import SHORT_HASH
from ampose.lifting.weights import load_weights
from ampose.media import cuts
from ampose.pipeline import live
from ampose.poses import camera, joint_angles, pose, reference_frame
from ampose.poses.skeletons import Skeleton, find_mapping
from ampose.processing import kinematics, left_right, placement, tracking
from ampose.processing.smoothing import OneEuro

FILE = Path(__file__).parents[2] / "web" / "app" / "generated" / "tables.js"
HEAD = "// Written by `python -m tools.app.tables` from the Python package; do not edit.\n"


def constants(*modules: types.ModuleType) -> dict[str, Any]:
    """Return the modules' own constants, numbers and words, by their names without the underscore of private ones."""
    found = {}
    for module in modules:
        for name, value in vars(module).items():
            if name.lstrip("_").isupper() and _is_plain(value):
                found[name.lstrip("_")] = value
    return found


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_plain, value))
    return isinstance(value, int | float | str) and not isinstance(value, bool)


def _skeleton(skeleton: Skeleton) -> dict[str, Any]:
    return {
        **skeleton.as_dict(),
        "joints": skeleton.joints,
        "bones": skeleton.bone_indices.tolist(),
        "sides": [skeleton.side_of(joint) for joint in skeleton.joints],
        "flipOrder": skeleton.flip_order.tolist(),
    }


def _mapping(source: Skeleton, target: Skeleton) -> dict[str, Any]:
    """Return how a target joint is made: ``[[source number, weight], ...]`` in the target's order."""
    mapping = find_mapping(source, target)
    rows = [[[int(at), float(row[at])] for at in row.nonzero()[0]] for row in mapping.weights]
    return {"rows": rows, "guessed": sorted(mapping.guessed), "madeUp": sorted(mapping.made_up)}


def tables() -> dict[str, Any]:
    """Return what ``tables.js`` exports, by name."""
    detected, lifted = BlazePoseDetector.skeleton, load_weights(DEFAULT_MODEL).network.skeleton
    return {
        "common": COMMON,
        "blazepose": {"NAME": BlazePoseDetector.name, **constants(blazepose_detector)},
        "personNetwork": constants(person_network),
        "landmarkNetwork": constants(landmark_network),
        "regions": constants(regions),
        "following": constants(following),
        "cuts": constants(cuts),
        "tracking": constants(tracking),
        "leftRight": constants(left_right),
        "oneEuro": {**vars(OneEuro()), "description": OneEuro().description},
        "live": constants(live),
        "camera": constants(camera),
        "placement": constants(placement),
        "kinematics": {
            **constants(kinematics),
            "REST": {stem: list(direction) for stem, direction in kinematics._REST.items()},
        },
        "jointAngles": {
            **constants(joint_angles),
            "ANGLES": {
                name: {"by": function.__name__.lstrip("_"), "joints": joints}
                for name, (function, joints) in joint_angles._ANGLES.items()
            },
        },
        "poseFiles": {
            **constants(own_header, json_file),
            "UNIT": pose.UNIT,
            "FRAME_OF_REFERENCE": str(reference_frame.CAMERA_ROOT_RELATIVE),
            "SHORT_HASH": SHORT_HASH,
            "CSV": constants(csv_file),
            "BVH": constants(bvh_file),
        },
        "detected": _skeleton(detected),
        "lifted": _skeleton(lifted),
        "mapping": _mapping(detected, lifted),
    }


def text() -> str:
    """Return the file."""
    parts = [f"export const {name} = {json.dumps(value, indent=1)};\n" for name, value in tables().items()]
    return "\n".join([HEAD, *parts])


if __name__ == "__main__":
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(text(), encoding="utf-8")
