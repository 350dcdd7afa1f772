"""Measure weights for rows of the paper's tables."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ampose import Progress
from ampose.data import read_recordings
from ampose.errors import InputError
from ampose.evaluation.facts import data_facts, read_run, weights_facts
from ampose.evaluation.held_out import hold_out
from ampose.evaluation.measure import measure, method_of, refined
from ampose.evaluation.paper.paper_tables import Measured
from ampose.evaluation.paper.rows import TableRow, rows_of
from ampose.lifting.lifter import Lifter, load_model
from ampose.lifting.weights.refinement_weights import SUFFIX, RefinementWeights, load_refinement, refinement_beside
from ampose.models import LifterConfig
from ampose.models.cost import measure_cost
from ampose.training.config import TrainConfig
from ampose.training.recipe import read_recipe


def find_row(table: str, folder: Path) -> TableRow:
    """Return the row of a table that a weights folder is for, by its settings and the run's manifest.

    Raises:
        InputError: None fits, or several do.
    """
    lifter, run = load_model(folder), read_run(folder)
    refined = refinement_beside(folder) is not None
    fits = [row for row in rows_of(table) if _fits(row, lifter, run) and bool(row.second_stage_of) == refined]
    nearest = min((_distance(row, lifter) for row in fits), default=0)
    chosen = [row for row in fits if _distance(row, lifter) == nearest]
    if len(chosen) != 1:
        names = ", ".join(row.recipe for row in (chosen or rows_of(table)))
        raise InputError(
            f"{folder}: weights must fit one row of {table}, got {'several' if chosen else 'none'} that does; "
            f"say which with RECIPE=FOLDER, where RECIPE is one of {names}"
        )
    return chosen[0]


def _fits(row: TableRow, lifter: Lifter, run: Mapping[str, Any]) -> bool:
    recipe, config = read_recipe(row.recipe), lifter.network.config
    same_block = getattr(recipe.model, "block", "") == getattr(config, "block", "")
    keypoints = run.get("data", {}).get("keypoints", recipe.data.keypoints)
    same_joints = recipe.model.skeleton == config.skeleton
    return type(recipe.model) is type(config) and same_joints and same_block and keypoints == recipe.data.keypoints


def _distance(row: TableRow, lifter: Lifter) -> int:
    """How far apart the sizes are; of the compared systems each has one."""
    wanted, found = (
        getattr(config, "channels", 0) for config in (read_recipe(row.recipe).model, lifter.network.config)
    )
    return abs(wanted - found) if isinstance(wanted, int) and isinstance(found, int) else 0


def measure_row(
    row: TableRow, folder: Path, data: Path, *, progress: Progress | None = None, **changes: Any
) -> Measured:
    """Measure weights under all protocols of a row.

    Args:
        row: Of the paper's tables.
        folder: Weights; for a second stage the lifter's, with the refinement's beside it.
        data: A prepared folder.
        progress: Is told how many samples are done.
        **changes: What differs from the protocols; see ``Protocol.changed``.

    Raises:
        InputError: The weights are missing or of other joints, the data lacks something, or a refinement does
            not belong to its lifter.
    """
    lifter, recordings = load_model(folder), read_recordings(data)
    wanted = row.protocol.skeleton
    if lifter.skeleton.name != wanted:
        raise InputError(f"{folder}: weights for {row.recipe} must be of {wanted}, got {lifter.skeleton.name}")
    # Weights that learned from one detector are not measured on another's keypoints in a table of the paper.
    recipe = read_recipe(row.recipe)
    learned = read_run(folder).get("data", {}).get("keypoints", recipe.data.keypoints)
    if learned != recipe.data.keypoints:
        raise InputError(
            f"{folder}: weights for {row.recipe} must be trained on the 2D source {recipe.data.keypoints!r}, "
            f"got {learned!r}; the paper's tables have no row for them"
        )
    method = method_of(lifter, progress=progress)
    facts = weights_facts(lifter, folder, row.protocol.subjects)
    if row.second_stage_of:
        second = _refinement(folder, lifter)
        method = refined(method, second.refinement)
        facts["refinement weights"] = f"sha256 {second.sha256}"
    facts |= {"recipe": row.recipe, "model": _differences(lifter.network.config, recipe.model)}
    protocols = [protocol.changed(**changes) for protocol in row.variants.values()]
    held_out = hold_out(recordings, protocols[0])
    reports = measure(method, held_out, protocols, facts=facts | data_facts(data, recordings))
    return Measured(row=row, method=lifter.name, reports=tuple(reports), cost=measure_cost(lifter.network.cpu())[0])


def _refinement(folder: Path, lifter: Lifter) -> RefinementWeights:
    beside = refinement_beside(folder)
    if beside is None:
        raise InputError(f"{folder}: refinement must lie beside the lifter, found no {folder.name}{SUFFIX}; train one")
    refinement = load_refinement(beside)
    if refinement.lifter_sha256 != lifter.weights_hash:
        raise InputError(
            f"{beside} must be trained with the lifter in {folder} ({lifter.weights_hash[:12]}), "
            f"got one of another ({refinement.lifter_sha256[:12]})"
        )
    return refinement


def _differences(config: LifterConfig, recipe: LifterConfig) -> str:
    """Say which settings of a network are not its recipe's."""
    if type(config) is not type(recipe):
        return f"not the recipe's: {type(config).__name__}"
    theirs = vars(recipe)
    other = [f"{name} {value} (not {theirs[name]})" for name, value in vars(config).items() if value != theirs[name]]
    return f"not the recipe's: {', '.join(other)}" if other else "the recipe's"


def recipe_for(row: TableRow, *, lifter: Path | None = None, recipes: Path | None = None) -> TrainConfig:
    """Return the recipe of a row.

    Args:
        row: Of the paper's tables.
        lifter: The lifter's weights folder, for a second stage.
        recipes: Folder with own recipes; one of the row's name goes before the package's.
    """
    own = recipes / f"{row.recipe}.toml" if recipes else None
    config = read_recipe(str(own) if own and own.is_file() else row.recipe)
    if config.refinement is None or lifter is None:
        return config
    return replace(config, refinement=replace(config.refinement, lifter=str(lifter)))
