"""Evaluate a lifter on prepared data and print the protocol with the numbers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from ampose.errors import InputError
from ampose.pipeline.progress import progress

Output = Annotated[Path | None, tyro.conf.arg(aliases=["-o"])]


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What is to differ from the protocol; it is printed with the numbers."""

    flip: bool = True
    """Average each prediction with the mirrored one, where the protocol does so."""
    root: Literal["subtract", "zero", "keep"] | None = None
    """What is done with the predicted root before measuring; by default what the protocol says (subtract)."""
    sequences: tuple[str, ...] = ()
    """Measure only these subjects of the protocol, for example TS5 TS6 of MPI-INF-3DHP's test set."""
    exclude_takes: tuple[str, ...] = ()
    """Takes to leave out, as SUBJECT TAKE. Human3.6M's three that drift, which published figures keep, are
    "S9 Greeting", "S9 SittingDown 1" and "S9 Waiting 1"."""


_NONE = Changes()


def run(
    weights: Annotated[str, tyro.conf.arg(metavar="WEIGHTS")],
    data: Annotated[Path, tyro.conf.arg(metavar="DATA")],
    /,
    *,
    protocol: str = "cmu-held-out",
    changes: Changes = _NONE,
    baselines: Path | None = None,
    output: Output = None,
) -> None:
    """Evaluate a lifter on prepared data and print the protocol and the table.

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

    from ampose.data import read_motion, read_recordings
    from ampose.evaluation import (
        FixedCameras,
        find_protocol,
        fit_baselines,
        hold_out,
        measure,
        method_of,
        write_reports,
    )
    from ampose.evaluation.facts import data_facts, weights_facts
    from ampose.evaluation.report import comparison
    from ampose.evaluation.tables import text_table
    from ampose.lifting.lifter import load_model

    if output is not None and output.suffix != ".json":
        raise InputError(f"{output}: report must be a .json file, got {output.suffix or 'no ending'}; rename it")
    if output is not None and not output.parent.is_dir():
        raise InputError(f"{output}: folder must be there, found no {output.parent}; make it first")
    lifter, chosen = load_model(weights), find_protocol(protocol).changed(**vars(changes))
    if isinstance(chosen.source, FixedCameras) and baselines is not None:
        raise InputError(f"--baselines must be left out for {chosen.name}: they learn from motion; remove it")
    if not isinstance(chosen.source, FixedCameras):
        chosen = replace(chosen, skeleton=lifter.skeleton.name)
    if lifter.skeleton.name != chosen.skeleton:
        raise InputError(f"weights for {chosen.name} must be of {chosen.skeleton}, got {lifter.skeleton.name}")
    prepared = read_recordings(data) if isinstance(chosen.source, FixedCameras) else read_motion(data)
    facts = data_facts(data, prepared)
    known = weights_facts(lifter, weights, chosen.subjects)
    held_out = hold_out(prepared, chosen, receptive_field=lifter.network.receptive_field)
    with progress(f"measuring {lifter.name}", unit="samples") as tell:
        reports = measure(method_of(lifter, progress=tell), held_out, [chosen], facts=known | facts)
    print(reports[0].statement(), reports[0].as_text(), sep="\n\n", flush=True)
    if baselines is not None:
        others = read_motion(baselines)
        training = f"{baselines.name} without the subjects, sha256 {others.sha256}"
        with progress("measuring the baselines", unit="samples") as tell:
            for method in fit_baselines(others, chosen, progress=tell):
                reports += measure(method, held_out, [chosen], facts={**facts, "training data": training})
        print(f"\nbaselines are trained on {training}", text_table(*comparison(reports)), sep="\n\n")
    if output is not None:
        write_reports(reports, output)
