"""Measure a lifter on prepared data, under a protocol that is printed with the numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from ampose import __version__
from ampose.cli._arguments import call_with_arguments
from ampose.cli._progress import progress
from ampose.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from ampose.data import Motion, Views
    from ampose.evaluation import HeldOut, Predict, Protocol, Report
    from ampose.evaluation.fixed_cameras import FixedCameraProtocol
    from ampose.lifter import Lifter
    from ampose.samples import Samples

_BASELINE_FRAMES = 50_000
_CHUNK = 1024

Output = Annotated[Path | None, tyro.conf.arg(aliases=["-o"])]


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What is to differ from the protocol; it is printed with the numbers."""

    flip: bool = True
    """Average each prediction with the mirrored one, where the protocol does so."""
    root: Literal["subtract", "zero", "keep"] | None = None
    """What is done with the predicted root before measuring; by default what the protocol says (subtract)."""


_NONE = Changes()


def run(args: Sequence[str]) -> None:
    """Run the command."""
    call_with_arguments(evaluate_weights, "evaluate", args)


def evaluate_weights(
    weights: Annotated[str, tyro.conf.arg(metavar="WEIGHTS")],
    data: Annotated[Path, tyro.conf.arg(metavar="DATA")],
    /,
    *,
    protocol: str = "cmu-held-out",
    changes: Changes = _NONE,
    baselines: Path | None = None,
    output: Output = None,
) -> None:
    """Measure a lifter on prepared data and print the protocol and the table.

    Args:
        weights: Name of bundled weights, or a folder that training wrote.
        data: What ampose prepare wrote: motion (.npz), or a folder for h36m and 3dhp protocols; with the subjects
            of the protocol.
        protocol: Name of the protocol: cmu-held-out, cmu-held-out-noisy, cmu-held-out-wide, h36m-cpn-17,
            3dhp-cross-16... or an installed one.
        changes: What is to differ from the protocol.
        baselines: Also measure linear regression and the nearest neighbour, trained on the other subjects of
            this prepared file (it may be the same file).
        output: Write all numbers and settings to this .json file.
    """
    from dataclasses import replace

    from ampose.data import read_motion
    from ampose.evaluation import protocols, view_held_out, write_reports
    from ampose.evaluation.fixed_cameras import FixedCameraProtocol
    from ampose.lifter import load_model
    from ampose.targets import needs_root_depth

    _check_output(output)
    chosen, lifter = protocols.get(protocol).target, load_model(weights)
    told = needs_root_depth(lifter.network.config.target)
    root = changes.root or chosen.root
    chosen = replace(chosen, flip=chosen.flip and changes.flip, root=root, root_depth=told)
    if isinstance(chosen, FixedCameraProtocol):
        if baselines is not None:
            raise InputError(f"--baselines must be left out for {chosen.name}: they learn from motion; remove it")
        report = _measure_views(lifter, weights, data, chosen)
        print(report.statement(), report.as_text(), sep="\n\n", flush=True)
        if output is not None:
            write_reports([report], output)
        return
    chosen = replace(chosen, skeleton=lifter.skeleton.name)
    motion = read_motion(data)
    held_out = view_held_out(motion, chosen, receptive_field=lifter.network.receptive_field)
    facts = _data_facts(data, motion)
    reports = [_measure_lifter(lifter, held_out, chosen, facts)]
    print(reports[0].statement(), reports[0].as_text(), sep="\n\n", flush=True)
    if baselines is not None:
        reports += _measure_baselines(baselines, held_out, replace(chosen, root_depth=False), facts)
        _print_comparison(reports)
    if output is not None:
        write_reports(reports, output)


def _measure_views(lifter: "Lifter", weights: str, data: Path, protocol: "FixedCameraProtocol") -> "Report":
    from ampose.data import read_views
    from ampose.evaluation.benchmark import counted, facts_of, lift_with
    from ampose.evaluation.fixed_cameras import measure_views

    if lifter.skeleton.name != protocol.skeleton:
        raise InputError(f"weights for {protocol.name} must be of {protocol.skeleton}, got {lifter.skeleton.name}")
    views = read_views(data)
    facts = {**facts_of(lifter, Path(weights), protocol.subjects), **_data_facts(data, views)}
    with progress(f"measuring {lifter.name}", unit="samples") as report:
        lift = lift_with(lifter, report)
        return counted(measure_views(lift, views, [protocol], method=lifter.name, facts=facts)[0], protocol)


def _check_output(output: Path | None) -> None:
    """Refuse a place that cannot be written before the work begins."""
    if output is None:
        return
    if output.suffix != ".json":
        raise InputError(f"{output}: report must be a .json file, got {output.suffix or 'no ending'}; rename it")
    if not output.parent.is_dir():
        raise InputError(f"{output}: folder must be there, found no {output.parent}; make it first")


def _data_facts(path: Path, data: "Motion | Views") -> dict[str, str]:
    import torch

    return {
        "data": f"{path.name}, sha256 {data.sha256}",
        "data source": str(data.provenance.get("source", "not stated")),
        "versions": f"ampose {__version__}, torch {torch.__version__}",
    }


def _measure_lifter(lifter: "Lifter", held_out: "HeldOut", protocol: "Protocol", facts: Mapping[str, str]) -> "Report":
    from ampose.evaluation.benchmark import lift_with

    about = {"weights": f"sha256 {lifter.weights_hash}", "normalisation": lifter.network.config.normalisation, **facts}
    with progress(f"measuring {lifter.name}", unit="samples") as report:
        lift = lift_with(lifter, report)
        return _measure(lambda samples: lift(samples, protocol.flip), lifter.name, held_out, protocol, about)


def _measure_baselines(
    path: Path, held_out: "HeldOut", protocol: "Protocol", facts: Mapping[str, str]
) -> "list[Report]":
    from ampose.data import read_motion
    from ampose.evaluation.baselines import LinearRegression, NearestNeighbour
    from ampose.evaluation.held_out import view_others
    from ampose.skeletons import get_skeleton

    motion = read_motion(path)
    training = view_others(motion, protocol, _BASELINE_FRAMES)
    about = {**facts, "training data": f"{path.name} without the subjects, sha256 {motion.sha256}"}
    skeleton = get_skeleton(protocol.skeleton)
    fitted = [baseline.fit(training, skeleton) for baseline in (LinearRegression, NearestNeighbour)]
    return [_measure(_in_chunks(one, one.name), one.name, held_out, protocol, about) for one in fitted]


def _in_chunks(predict: "Predict", method: str) -> "Predict":
    """Show how far it is."""
    import torch

    def predicted(samples: "Samples") -> "Tensor":
        with progress(f"measuring {method}", unit="samples") as report:
            parts = []
            for start in range(0, len(samples), _CHUNK):
                parts.append(predict(samples[start : start + _CHUNK]))
                report(min(start + _CHUNK, len(samples)), len(samples), "")
        return torch.cat(parts)

    return predicted


def _measure(
    predict: "Predict", method: str, held_out: "HeldOut", protocol: "Protocol", facts: Mapping[str, str]
) -> "Report":
    from dataclasses import replace

    from ampose.evaluation import evaluate

    names = {"actions": held_out.actions, "subjects": held_out.subjects}
    return replace(evaluate(predict, held_out.samples, protocol=protocol, method=method, **names), facts=facts)


def _print_comparison(reports: "Sequence[Report]") -> None:
    from ampose.evaluation.report import comparison
    from ampose.evaluation.tables import text_table

    training = reports[-1].facts["training data"]
    print(f"\nbaselines are trained on {training}", text_table(*comparison(reports)), sep="\n\n")
