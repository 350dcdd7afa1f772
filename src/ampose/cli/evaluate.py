"""Measure a lifter on prepared data, under a protocol that is printed with the numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from ampose.cli.arguments import call_with_arguments
from ampose.cli.progress import progress
from ampose.errors import InputError

if TYPE_CHECKING:
    from ampose.evaluation import Protocol, Report
    from ampose.evaluation.fixed_cameras import FixedCameraProtocol
    from ampose.lifting.lifter import Lifter

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

    from ampose.evaluation import find_protocol, write_reports
    from ampose.evaluation.fixed_cameras import FixedCameraProtocol
    from ampose.lifting.lifter import load_model
    from ampose.models.output_space import needs_root_depth

    _check_output(output)
    chosen, lifter = find_protocol(protocol), load_model(weights)
    told = needs_root_depth(lifter.network.config.target)
    root = changes.root or chosen.root
    chosen = replace(chosen, flip=chosen.flip and changes.flip, root=root, root_depth=told)
    if isinstance(chosen, FixedCameraProtocol):
        if baselines is not None:
            raise InputError(f"--baselines must be left out for {chosen.name}: they learn from motion; remove it")
        reports = _measure_recordings(lifter, weights, data, chosen)
    else:
        reports = _measure_motion(lifter, weights, data, replace(chosen, skeleton=lifter.skeleton.name), baselines)
    if output is not None:
        write_reports(reports, output)


def _measure_recordings(lifter: "Lifter", weights: str, data: Path, protocol: "FixedCameraProtocol") -> "list[Report]":
    from ampose.data import read_recordings
    from ampose.evaluation.fixed_cameras import measure_recordings
    from ampose.evaluation.measuring import data_facts, facts_of, lift_with
    from ampose.evaluation.paper.table_rows import counted

    if lifter.skeleton.name != protocol.skeleton:
        raise InputError(f"weights for {protocol.name} must be of {protocol.skeleton}, got {lifter.skeleton.name}")
    recordings = read_recordings(data)
    facts = facts_of(lifter, weights, protocol.subjects) | data_facts(data, recordings)
    with progress(f"measuring {lifter.name}", unit="samples") as tell:
        (report,) = measure_recordings(lift_with(lifter, tell), recordings, [protocol], method=lifter.name, facts=facts)
    return [_print(counted(report, protocol))]


def _measure_motion(
    lifter: "Lifter", weights: str, data: Path, protocol: "Protocol", baselines: Path | None
) -> "list[Report]":
    from dataclasses import replace

    from ampose.data import read_motion
    from ampose.evaluation import view_held_out
    from ampose.evaluation.measuring import data_facts, facts_of, measure_baselines, measure_motion

    motion = read_motion(data)
    about = data_facts(data, motion)
    facts = facts_of(lifter, weights, protocol.subjects) | about
    held_out = view_held_out(motion, protocol, receptive_field=lifter.network.receptive_field)
    with progress(f"measuring {lifter.name}", unit="samples") as tell:
        report = measure_motion(lifter, held_out, protocol, facts=facts, tell=tell)
    reports = [_print(report)]
    if baselines is not None:
        others = read_motion(baselines)
        about |= {"training data": f"{baselines.name} without the subjects, sha256 {others.sha256}"}
        with progress("measuring the baselines", unit="samples") as tell:
            reports += measure_baselines(others, held_out, replace(protocol, root_depth=False), facts=about, tell=tell)
        _print_comparison(reports)
    return reports


def _print(report: "Report") -> "Report":
    print(report.statement(), report.as_text(), sep="\n\n", flush=True)
    return report


def _check_output(output: Path | None) -> None:
    """Refuse a place that cannot be written before the work begins."""
    if output is None:
        return
    if output.suffix != ".json":
        raise InputError(f"{output}: report must be a .json file, got {output.suffix or 'no ending'}; rename it")
    if not output.parent.is_dir():
        raise InputError(f"{output}: folder must be there, found no {output.parent}; make it first")


def _print_comparison(reports: "Sequence[Report]") -> None:
    from ampose.evaluation.report import comparison
    from ampose.evaluation.tables import text_table

    training = reports[-1].facts["training data"]
    print(f"\nbaselines are trained on {training}", text_table(*comparison(reports)), sep="\n\n")
