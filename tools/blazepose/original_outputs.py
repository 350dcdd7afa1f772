r"""What the original networks answer for one small image, kept for the tests of the converted ones.

    python -m tools.blazepose.original_outputs --image man.png --person pose_detection.tflite \
        --landmarks pose_landmark_full.tflite --heavy pose_landmark_heavy.tflite \
        --output tests/detectors/blazepose/original_outputs.npz

The image is 64 x 64 and shows a person; each network sees it enlarged by whole pixels (the person detector its upper
left 56 x 56). Needs the packages ``ai-edge-litert``, which runs the originals, and ``pillow``.
"""

import argparse
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

ENLARGED = 4
EVERY = 8
"""How many boxes and places of heat maps share one that is kept."""


def run(file: Path, image: np.ndarray) -> dict[str, np.ndarray]:
    """Return a network's outputs by name; the image has the network's size and range."""
    network = Interpreter(str(file), num_threads=1)
    network.allocate_tensors()
    network.set_tensor(network.get_input_details()[0]["index"], image[None].astype(np.float32))
    network.invoke()
    return {output["name"]: network.get_tensor(output["index"]) for output in network.get_output_details()}


def main() -> None:
    """Read the command line, run the networks and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("image", "person", "landmarks", "heavy", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    asked = parser.parse_args()
    image = np.asarray(Image.open(asked.image).convert("RGB"))
    large = image.repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1)
    found = run(asked.person, large[:224, :224] / 127.5 - 1)
    joints = {prefix: run(file, large / 255) for prefix, file in (("", asked.landmarks), ("heavy_", asked.heavy))}
    np.savez_compressed(
        asked.output,
        image=image,
        boxes=found["Identity"][0, ::EVERY],
        scores=found["Identity_1"][0],
        **{
            f"{prefix}{name}": value
            for prefix, answers in joints.items()
            for name, value in (
                ("landmarks", answers["Identity"][0]),
                ("presence", answers["Identity_1"][0]),
                ("heat_maps", answers["Identity_3"][0, ::EVERY, ::EVERY].transpose(2, 0, 1)),
                ("world", answers["Identity_4"][0]),
            )
        },
    )


if __name__ == "__main__":
    main()
