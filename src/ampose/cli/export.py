"""Export a model to ONNX, OpenVINO or torch.export, to run without ampose."""

from pathlib import Path
from typing import Annotated, Literal

import tyro


def run(
    kind: Annotated[Literal["onnx", "openvino", "torch-export"], tyro.conf.arg(metavar="onnx|openvino|torch-export")],
    weights: Annotated[str, tyro.conf.arg(metavar="WEIGHTS")],
    /,
    *,
    output: Annotated[Path | None, tyro.conf.arg(aliases=["-o"])] = None,
    flip: bool = True,
) -> None:
    """Export a model as a folder that runs without ampose.

    The program in it takes pixels and the camera, in batches of any size, and answers in metres. What was written is
    run and compared with the model in float64; examples/run_exported.py shows how to use it.

    Args:
        kind: The program's format.
        weights: Name of bundled weights, or a folder that training wrote.
        output: The folder to write; by default the model's name and the kind, in the current folder.
        flip: Average each prediction with the mirrored one, inside the program.
    """
    from ampose.lifting.engines.export import export_lifter
    from ampose.lifting.weights import load_weights

    loaded = load_weights(weights)
    folder = Path(f"{loaded.name}-{kind}") if output is None else output
    agreement = export_lifter(loaded, kind, folder, flip=flip)
    size = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
    print(f"{folder}: {loaded.name} for {kind}, {size:.1f} MB; {agreement} ({agreement.poses} poses)")
