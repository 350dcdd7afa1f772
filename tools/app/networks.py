"""Put the networks that the app runs beside its page: ``python -m tools.app.networks web/dist``.

The detector's two are the package's; the lifter is what ``ampose export onnx`` writes for the bundled weights.
"""

import json
import shutil
import sys
import tempfile
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np

from ampose import DEFAULT_MODEL
from ampose.detectors.blazepose import BlazePoseDetector, landmark_network, networks, person_network
from ampose.lifting.engines.export import export_lifter
from ampose.lifting.lifter import load_model
from ampose.lifting.weights import load_weights
from ampose.poses.pose import Pose2D

ROOT = Path(__file__).parents[2]


def provenance() -> dict[str, str]:
    """Return what a pose says of how it was lifted, without what differs in the app: camera, engine, source."""
    detected = BlazePoseDetector.skeleton
    standing = Pose2D.from_array(np.full((1, detected.num_joints, 2), 50.0), skeleton=detected, image_size=(100, 100))
    lifted = load_model(DEFAULT_MODEL).lift(standing)
    return {name: words for name, words in lifted.provenance.items() if name not in ("focal_px", "engine")}


def checked_outputs() -> dict[str, list[float]]:
    """Return what the detector's networks answer to a pattern: a graphics card that answers otherwise is not used."""
    outputs = {}
    for name, side, output in (("person", person_network.SIDE, 1), ("landmarks", landmark_network.SIDE, 0)):
        pattern = np.arange(3 * side * side) * 7919 % 251 / 250
        answer = networks.load_network(name)(pattern.astype(np.float32).reshape(1, 3, side, side))[output]
        outputs[name] = [round(float(value), 4) for value in answer.ravel()[:195]]
    return outputs


def write(folder: Path) -> None:
    """Write ``networks/``, and the example clip with its licence."""
    place = folder / "networks"
    place.mkdir(parents=True, exist_ok=True)
    for name in ("person.onnx", "landmarks.onnx", "LICENSE", "NOTICE"):
        with as_file(files(networks) / name) as source:
            shutil.copyfile(source, place / name)
    with tempfile.TemporaryDirectory() as temporary:
        exported = Path(temporary) / "lifter"
        print(export_lifter(load_weights(DEFAULT_MODEL), "onnx", exported))
        shutil.copyfile(exported / "model.onnx", place / "lifter.onnx")
    (place / "check.json").write_text(json.dumps(checked_outputs()), encoding="utf-8")
    (place / "lifter.json").write_text(json.dumps({"provenance": provenance()}, indent=1), encoding="utf-8")
    for name in ("balance_beam.mp4", "LICENSE.pose2sim.txt"):
        shutil.copyfile(ROOT / "examples" / name, folder / name)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
