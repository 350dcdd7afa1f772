"""Write a lifter as a folder that other programs run without this package.

The folder holds the program (pixels and camera in, metres out), a description of it, the names of its joints, how
detectors' joints map to them, how far the written program is from float64, and the hashes of all of these.
"""

import copy
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ampose.atomic import replacing_folder
from ampose.errors import InputError
from ampose.lifting import LEAST_JOINTS
from ampose.lifting.engines.agreement import Agreement, compare
from ampose.lifting.engines.end_to_end import CAMERA, ERROR, EndToEndLifter, example_people, output_names
from ampose.lifting.engines.engine import engines
from ampose.lifting.engines.export_formats import INPUT, OUTPUT, Examples, torch_program, write_onnx, write_openvino
from ampose.lifting.weights import Weights
from ampose.models import LifterNetwork
from ampose.packages import require
from ampose.poses.skeletons import Skeleton, find_mapping, list_sources

Kind = Literal["onnx", "openvino", "torch-export"]
Run = Callable[[Examples], Sequence[Tensor]]
LARGEST_MM = 0.02
"""No exported file may be farther from float64 than this at any joint."""
BATCHES = (1, 7, 64)
CHECKSUMS, CONFIG, LABELS, PARITY = "SHA256SUMS", "config.json", "labels.txt", "parity.json"
DETECTORS = "detectors.json"
_OUTPUTS = {
    OUTPUT: "float32 (batch, joint, 3): metres, root-relative, x right, y down, z away; NaN where fewer than "
    f"{LEAST_JOINTS} joints are known",
    ERROR: "float32 (batch, joint): expected error of each joint, metres; NaN likewise",
}


@dataclass(frozen=True)
class _Exporter:
    """How a program of one kind is written, and run from its file."""

    file: str
    write: Callable[[nn.Module, Examples, Path, Sequence[str]], None]
    load: Callable[[Path], Run]
    engine: str | None
    package: str


def export_lifter(weights: Weights, kind: Kind, folder: Path, *, flip: bool = True) -> Agreement:
    """Write a network as a folder, and check the program that was written.

    Args:
        weights: What ``load_weights`` returns.
        kind: Of program.
        folder: Must not exist yet.
        flip: Average with the mirrored prediction, inside the program.

    Returns:
        How far the written program is from float64.

    Raises:
        InputError: The folder exists, it cannot be written to, or the program does not agree with the network.
        MissingExtraError: The kind's package is not installed.
    """
    exporter, network = _EXPORTERS[kind], weights.network
    if exporter.engine:
        facts = engines.get(exporter.engine).facts
        require(*facts.packages, extra=facts.extra, purpose=f"exporting to {kind}")
    if folder.exists():
        raise InputError(f"{folder}: output folder exists already; name another, or remove it")
    if not folder.parent.is_dir():
        raise InputError(f"{folder}: there is no folder {folder.parent} to write to; create it first")
    with replacing_folder(folder) as unfinished:
        lifter, people = EndToEndLifter(network, flip=flip), example_people(network, 2)
        exporter.write(lifter, people, unfinished / exporter.file, output_names(network))
        agreement = _check(network, exporter.load(unfinished / exporter.file), flip=flip)
        _describe(unfinished, weights, kind, flip=flip, agreement=agreement)
        hashes = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(unfinished.iterdir())}
        # In the form that sha256sum --check reads, which takes a carriage return for part of a name.
        lines = [f"{digest}  {name}\n" for name, digest in hashes.items()]
        (unfinished / CHECKSUMS).write_text("".join(lines), encoding="utf-8", newline="\n")
    return agreement


def _check(network: LifterNetwork, run: Run, *, flip: bool) -> Agreement:
    """Run batches of several sizes through the written file and through the readable network in float64."""
    people = example_people(network, sum(BATCHES))
    if network.config.takes_missing:
        people[INPUT][::2, -1] = torch.nan
    lifter = EndToEndLifter(network, flip=flip)
    lifter.network = copy.deepcopy(network).double()  # the readable network in place of its fused form
    with torch.inference_mode():
        exact: tuple[Tensor, ...] = lifter(*(values.double() for values in people.values()))
    parts = [torch.split(values, list(BATCHES)) for values in people.values()]
    answers = [run(dict(zip(people, batch, strict=True))) for batch in zip(*parts, strict=True)]
    positions, *errors = (torch.cat(parts) for parts in zip(*answers, strict=True))
    agreement = compare(positions, exact[0])
    off_mm = [1000 * float((error - right).abs().max()) for error, right in zip(errors, exact[1:], strict=True)]
    if not all(off <= LARGEST_MM for off in (agreement.largest_mm, *off_mm)):
        raise InputError(f"the exported program must agree with float64 to {LARGEST_MM} mm, got {agreement}; report it")
    return agreement


def _describe(folder: Path, weights: Weights, kind: Kind, *, flip: bool, agreement: Agreement) -> None:
    network, exporter = weights.network, _EXPORTERS[kind]
    skeleton = network.skeleton
    missing = "NaN for a missing joint" if network.config.takes_missing else "all joints must be there"
    config = {
        "format": "ampose.export",
        "version": 2,
        "kind": kind,
        "file": exporter.file,
        "inputs": {
            INPUT: f"float32 (batch, joint, 2): pixels, in the order of {LABELS}; {missing}",
            CAMERA: "float32 (batch, 6): focal x, focal y, centre x, centre y, width, height; in pixels",
        },
        "outputs": {name: _OUTPUTS[name] for name in output_names(network)},
        "flip": flip,
        "written_with": {name: version(name) for name in ("ampose", "torch", exporter.package)},
        "model": weights.name,
        "weights_sha256": weights.sha256,
        "facts": weights.facts,
        "config": asdict(network.config),
        "skeleton": skeleton.as_dict(),
    }
    parity = {"against": "the readable network in float64", "batches": BATCHES, **asdict(agreement)}
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    (folder / PARITY).write_text(json.dumps(parity, indent=2) + "\n", encoding="utf-8")
    (folder / LABELS).write_text("\n".join(skeleton.joints) + "\n", encoding="utf-8")
    detectors = {name: _from(name, skeleton, network) for name in list_sources(skeleton)}
    (folder / DETECTORS).write_text(json.dumps(detectors, indent=1) + "\n", encoding="utf-8")


def _from(source: str, skeleton: Skeleton, network: LifterNetwork) -> dict[str, Any]:
    """Return a detector's mapping to the lifter: each joint is a weighted sum, or is left for the network to infer."""
    mapping = find_mapping(source, skeleton)
    left_out = mapping.guessed if network.config.takes_missing else frozenset[str]()
    weights = {
        joint: {mapping.source.joints[at]: float(row[at]) for at in row.nonzero()[0]}
        for joint, row in zip(skeleton.joints, mapping.weights, strict=True)
    }
    return {
        "joints": list(mapping.source.joints),
        "weights": {joint: {} if joint in left_out else row for joint, row in weights.items()},
    }


def _load_onnx(file: Path) -> Run:
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return lambda inputs: [
        torch.from_numpy(values) for values in session.run(None, {name: x.numpy() for name, x in inputs.items()})
    ]


def _load_openvino(file: Path) -> Run:
    import openvino

    compiled = openvino.compile_model(file, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return lambda inputs: [
        torch.from_numpy(values) for values in compiled({name: x.numpy() for name, x in inputs.items()}).to_tuple()
    ]


def _load_torch(file: Path) -> Run:
    module = torch.export.load(file).module()
    return lambda inputs: module(*inputs.values())


_EXPORTERS: dict[Kind, _Exporter] = {
    "onnx": _Exporter("model.onnx", write_onnx, _load_onnx, "onnxruntime", "onnx"),
    "openvino": _Exporter("model.xml", write_openvino, _load_openvino, "openvino", "openvino"),
    "torch-export": _Exporter(
        "model.pt2",
        lambda lifter, examples, file, _: torch.export.save(torch_program(lifter, examples), file),
        _load_torch,
        None,
        "torch",
    ),
}
