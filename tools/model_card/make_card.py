r"""From a training run to a weights folder with its card: calibrate, measure, draw, write, install.

    python -m tools.model_card.make_card --run runs/abroad-small-end --weights averaged --motion prepared/cmu.npz \
        --install ampose-small

About five minutes on one core. Without ``--install`` everything goes into ``--output``.
"""

import json
import logging
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import tyro
from tools.model_card import card, card_measure, card_pictures

from ampose import DEFAULT_MODEL
from ampose.data import MotionCapture, read_motion
from ampose.errors import InputError
from ampose.lifting.lifter import load_model
from ampose.lifting.weights import load_weights, save_weights
from ampose.lifting.weights.store import Weights
from ampose.training.recipe import packaged_recipes, read_recipe
from research import four_cameras

DOCS = card.ROOT / "docs"
FACTS = {
    "data": "CMU Graphics Lab Motion Capture Database, mocap.cs.cmu.edu",
    "terms": "free for all uses; the motion itself may not be resold, even converted",
    "acknowledgement": "The data used in this project was obtained from mocap.cs.cmu.edu. "
    "The database was created with funding from NSF EIA-0196217.",
    "licence": "Apache-2.0",
}

log = logging.getLogger("make_card")


@dataclass(frozen=True, kw_only=True)
class CardOptions:
    """Which run becomes a weights folder with a card, and how."""

    run: Path
    """The run's folder, with run.json and log.jsonl."""
    motion: Path
    """Prepared CMU motion."""
    weights: str = "best"
    """Which folder of the run: best or last."""
    name: str = "ampose-small"
    """What the weights are called in a folder of their own."""
    output: Path | None = None
    """Folder in which the weights folder and the pictures are made."""
    install: str | None = None
    """Replace the bundled weights of this name, their pictures and the README's table; if they are those that lift
    where nobody names any, the page of the four cameras as well."""
    note: str = ""
    """What the manifest does not tell about the training; it goes into the card as it is."""
    half: bool = False
    """Store the weights with 16 bits."""
    real_video: bool = True
    """Also measure on the four-camera clip (needs ../shared/media)."""


def main(options: CardOptions) -> None:
    """Make the card of a run."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    if (options.output is None) == (options.install is None):
        raise SystemExit("one of --output and --install must be given")
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.output or Path(temporary)) / (options.install or options.name)
        make(options, read_motion(options.motion), folder)
        if options.install:
            install_weights(folder, options.install)
    log.info("done")


def make(options: CardOptions, motion: MotionCapture, folder: Path) -> None:
    """Write a weights folder with card and numbers; pictures go beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    found = load_weights(options.run / options.weights)
    training = {**describe_training(options.run, found), "note": options.note}
    network, calibration = found.network, None
    if network.config.predicts_error:
        network, calibration = card_measure.calibrate(network, motion)
    half_precision = card_measure.measure_half_precision(network, motion)
    digest = save_weights(folder, found.name, network, _facts(found, training, calibration), half=options.half)
    network = load_weights(folder).network
    reports = card_measure.measure_protocols(network, motion, folder.name, {"weights": f"sha256 {digest}"})
    measured = {
        "sha256": digest,
        "training": training,
        "robustness": card_measure.measure_robustness(network, motion),
        "calibration": calibration,
        "half_precision": {**half_precision, "used": options.half},
        "spot": card_measure.spot_check(network, motion),
        "failures": card_pictures.draw_failures(network, motion, folder.parent / f"{folder.name}-failures.png"),
        "four_cameras": measure_four_cameras(folder) if options.real_video else None,
    }
    card_pictures.draw_robustness(measured, folder.parent / f"{folder.name}-robustness.png")
    (folder / "evaluation.json").write_text(json.dumps([report.as_dict() for report in reports], indent=2) + "\n")
    (folder / "measurements.json").write_text(json.dumps(measured, indent=2) + "\n")
    (folder / "README.md").write_text(card.render(folder))


def describe_training(run: Path, weights: Weights) -> dict[str, Any]:
    """Return what a run was: its manifest without paths, and its log."""
    manifest = json.loads((run / "run.json").read_text())
    if manifest["config_hash"] != weights.facts["run"]:
        raise InputError(f"{run}: weights must be of the run beside them, got those of {weights.facts['run'][:12]}")
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    session, epoch, last = manifest["sessions"][0], weights.facts["epoch"], lines[-1]
    config = manifest["config"]
    return {
        "recipe": _packaged(config) or Path(session["command"][1]).stem,
        "started": session["started"],
        **{key: session[key] for key in ("commit", "python", "packages", "machine", "threads", "gpu")},
        "config": {key: value for key, value in config.items() if key != "checkpoint_minutes"}
        | {"data": {key: value for key, value in config["data"].items() if key != "files"}},
        "config_hash": manifest["config_hash"],
        "data_sha256": {Path(name).name: manifest["data_sha256"][name] for name in config["data"]["files"]},
        "parameters": sum(parameter.numel() for parameter in weights.network.parameters()),
        "epochs_done": last["epoch"] + 1,
        "steps": last["step"],
        "samples_seen": last["step"] * config["batch_size"],
        "chosen_epoch": epoch + 1,
        "minutes": last["seconds"] / 60,
        "samples_per_second": last["samples_per_second"],
        "log": [{key: line[key] for key in ("epoch", "loss", "validation_mpjpe_mm")} for line in lines],
    }


def _packaged(config: Mapping[str, Any]) -> str | None:
    """Return the packaged recipe that a run was, wherever its data and the weights that it started from lay."""

    def comparable(one: Mapping[str, Any]) -> dict[str, Any]:
        data = {**one["data"], "files": None}
        return {**one, "data": data, "checkpoint_minutes": None, "start_from": None}

    for name in packaged_recipes():
        recipe = json.loads(json.dumps(asdict(read_recipe(name)), default=str))
        if comparable(recipe) == comparable(config):
            return name
    return None


def _facts(found: Weights, training: Mapping[str, Any], calibration: Mapping[str, Any] | None) -> dict[str, Any]:
    facts = {**found.facts, **FACTS, **{key: training[key] for key in ("recipe", "data_sha256", "commit", "packages")}}
    if calibration:
        facts["expected_error"] = {
            "correction": f"{calibration['factor']:g} * e ** {calibration['power']:g}, e in metres",
            "fitted_on_subjects": calibration["fitted_on"],
            "checked_on_subjects": calibration["checked_on"],
            "of": "the flip-averaged pose, root-relative, all joints but the root",
        }
    return facts


def measure_four_cameras(folder: Path) -> str:
    """Return the study's report on the real clip; its picture goes beside the folder."""
    log.info("four cameras")
    views = four_cameras.read_views(four_cameras.MEDIA, four_cameras.CACHE)
    reference, lifter = four_cameras.robust_points(views), load_model(folder)
    cases = four_cameras.compared(views, reference, lifter)
    four_cameras.draw(cases["Calibrated cameras"], lifter, folder.parent / "four-cameras.png")
    return four_cameras.report(lifter, reference, cases)


def install_weights(folder: Path, name: str) -> None:
    """Replace bundled weights as a whole, and what the docs show of them."""
    place = card.BUNDLED / name
    fresh, old = place.with_name(f".{name}.new"), place.with_name(f".{name}.old")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(folder, fresh)
    if place.exists():
        place.rename(old)
    fresh.rename(place)
    shutil.rmtree(old, ignore_errors=True)
    for picture in folder.parent.glob(f"{name}-*.png"):
        shutil.copy(picture, DOCS / "images" / picture.name)
    text = json.loads((place / "measurements.json").read_text())["four_cameras"]
    if text and name == DEFAULT_MODEL:  # the page shows what the command line lifts with
        shutil.copy(folder.parent / "four-cameras.png", DOCS / "images")
        page = card.ROOT / "research" / "four-cameras.md"
        made = re.sub(r"Model: .*?(?=How to read it)", lambda _: f"{text.strip()}\n\n", page.read_text(), flags=re.S)
        page.write_text(made)
    card.refresh()
    log.info("installed %s", place)


if __name__ == "__main__":
    main(tyro.cli(CardOptions))
