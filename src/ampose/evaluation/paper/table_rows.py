"""Measure weights for rows of the paper's tables."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ampose.data import read_recordings
from ampose.errors import InputError
from ampose.evaluation.fixed_cameras import FixedCameraProtocol, measure_recordings
from ampose.evaluation.measuring import Tell, data_facts, facts_of, lift_with
from ampose.evaluation.paper.paper_tables import Measured
from ampose.evaluation.paper.rows import Slot, slots_of
from ampose.evaluation.protocols import human36m, mpi_inf_3dhp
from ampose.evaluation.report import Report
from ampose.evaluation.training_facts import read_run
from ampose.lifting.lifter import Lifter, load_model
from ampose.lifting.weights.refinement_weights import SUFFIX, RefinementWeights, load_refinement, refinement_beside
from ampose.models import LifterConfig
from ampose.models.cost import measure_cost
from ampose.models.output_space import needs_root_depth
from ampose.training.config import TrainConfig
from ampose.training.recipe import read_recipe


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What may differ from the protocols; it is printed with the numbers."""

    root: str = "subtract"
    """What is done with the predicted root: subtract, zero or keep."""

    exclude_drift_takes: bool = False
    """Leave out Human3.6M's three takes of S9 that drift; published figures keep them."""


def find_slot(table: str, folder: Path) -> Slot:
    """Return the slot of a table that a weights folder is for, by its settings and the run's manifest.

    Raises:
        InputError: None fits, or several do.
    """
    lifter, run = load_model(folder), read_run(folder)
    refined = refinement_beside(folder) is not None
    fits = [slot for slot in slots_of(table) if _fits(slot, lifter, run) and bool(slot.second_stage_of) == refined]
    nearest = min((_distance(slot, lifter) for slot in fits), default=0)
    chosen = [slot for slot in fits if _distance(slot, lifter) == nearest]
    if len(chosen) != 1:
        names = ", ".join(slot.recipe for slot in (chosen or slots_of(table)))
        raise InputError(
            f"{folder}: weights must fit one row of {table}, got {'several' if chosen else 'none'} that does; "
            f"say which with RECIPE=FOLDER, where RECIPE is one of {names}"
        )
    return chosen[0]


def _fits(slot: Slot, lifter: Lifter, run: Mapping[str, Any]) -> bool:
    recipe, config = read_recipe(slot.recipe), lifter.network.config
    same_block = getattr(recipe.model, "block", "") == getattr(config, "block", "")
    keypoints = run.get("data", {}).get("keypoints", recipe.data.keypoints)
    same_joints = recipe.model.skeleton == config.skeleton
    return type(recipe.model) is type(config) and same_joints and same_block and keypoints == recipe.data.keypoints


def _distance(slot: Slot, lifter: Lifter) -> int:
    """How far apart the sizes are; of the compared systems each has one."""
    wanted, found = (
        getattr(config, "channels", 0) for config in (read_recipe(slot.recipe).model, lifter.network.config)
    )
    return abs(wanted - found) if isinstance(wanted, int) and isinstance(found, int) else 0


def measure_slot(
    slot: Slot, folder: Path, data: Path, *, settings: Settings | None = None, tell: Tell | None = None
) -> Measured:
    """Measure weights under all protocols of a slot.

    Args:
        slot: Of the paper's tables.
        folder: Weights; for a second stage the lifter's, with the refinement's beside it.
        data: A prepared folder.
        settings: What differs from the protocols.
        tell: Is told how far it is.

    Raises:
        InputError: The weights are missing or of other joints, the data lacks something, or a refinement does
            not belong to its lifter.
    """
    lifter, recordings, own = load_model(folder), read_recordings(data), settings or Settings()
    wanted = slot.protocol.skeleton
    if lifter.skeleton.name != wanted:
        raise InputError(f"{folder}: weights for {slot.recipe} must be of {wanted}, got {lifter.skeleton.name}")
    _check_keypoints(slot, folder)
    refinement = _refinement(folder, lifter) if slot.second_stage_of else None
    told = needs_root_depth(lifter.network.config.target)
    protocols = [
        replace(one, root=own.root, exclude_drift_takes=own.exclude_drift_takes, root_depth=told)
        for one in slot.variants.values()
    ]
    facts = _facts(slot, folder, lifter, refinement) | data_facts(data, recordings)
    reports = measure_recordings(
        lift_with(lifter, tell),
        recordings,
        protocols,
        method=lifter.name,
        facts=facts,
        refinement=refinement.refinement if refinement else None,
    )
    return Measured(
        slot=slot,
        method=lifter.name,
        reports=tuple(counted(report, protocol) for report, protocol in zip(reports, protocols, strict=True)),
        cost=measure_cost(lifter.network.cpu())[0],
    )


def _check_keypoints(slot: Slot, folder: Path) -> None:
    """Weights that learned from one detector are not measured on another's keypoints in a table of the paper."""
    wanted = read_recipe(slot.recipe).data.keypoints
    learned = read_run(folder).get("data", {}).get("keypoints", wanted)
    if learned != wanted:
        raise InputError(
            f"{folder}: weights for {slot.recipe} must be trained on the 2D source {wanted!r}, got {learned!r}; "
            "the paper's tables have no row for them"
        )


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


def _facts(slot: Slot, folder: Path, lifter: Lifter, refinement: RefinementWeights | None) -> dict[str, str]:
    second = {"refinement weights": f"sha256 {refinement.sha256}"} if refinement else {}
    return {
        **facts_of(lifter, folder, slot.protocol.subjects),
        **second,
        "recipe": slot.recipe,
        "model": _differences(lifter.network.config, read_recipe(slot.recipe).model),
    }


def _differences(config: LifterConfig, recipe: LifterConfig) -> str:
    """Say which settings of a network are not its recipe's."""
    if type(config) is not type(recipe):
        return f"not the recipe's: {type(config).__name__}"
    theirs = vars(recipe)
    other = [f"{name} {value} (not {theirs[name]})" for name, value in vars(config).items() if value != theirs[name]]
    return f"not the recipe's: {', '.join(other)}" if other else "the recipe's"


def counted(report: Report, protocol: FixedCameraProtocol) -> Report:
    """Add how many samples were counted, and how many are published."""
    said = mpi_inf_3dhp.said_count if protocol.annotation else human36m.said_count
    without = ", three takes left out" if protocol.exclude_drift_takes else ""
    return replace(report, facts={**report.facts, "samples": f"{said(report.frames)}{without}"})


def recipe_for(slot: Slot, *, lifter: Path | None = None, recipes: Path | None = None) -> TrainConfig:
    """Return the recipe of a slot.

    Args:
        slot: Of the paper's tables.
        lifter: The lifter's weights folder, for a second stage.
        recipes: Folder with own recipes; one of the slot's name goes before the package's.
    """
    own = recipes / f"{slot.recipe}.toml" if recipes else None
    config = read_recipe(str(own) if own and own.is_file() else slot.recipe)
    if config.refinement is None or lifter is None:
        return config
    return replace(config, refinement=replace(config.refinement, lifter=str(lifter)))
