"""The model card of a weights folder, from the numbers that lie beside it.

Run as a script it writes the cards of the bundled weights and the README's table anew, without measuring.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from ampose.evaluation.tables import markdown_table
from research import abroad

ROOT = Path(__file__).parents[2]
TEMPLATE = Path(__file__).with_suffix(".md")
BUNDLED = ROOT / "src" / "ampose" / "lifting" / "weights"
TABLE = re.compile(r"(<!-- table methods -->\n).*?(<!-- end -->)", re.DOTALL)
METRICS = {"mpjpe": "MPJPE mm", "p_mpjpe": "P-MPJPE mm", "n_mpjpe": "N-MPJPE mm", "pck": "PCK@150 %", "auc": "AUC %"}
USUAL = (0.0, 1.0, "nothing")
"""Places of a curve at which nothing is changed; the first that a curve has is what changes are counted from."""

OTHER = {
    "turn_degrees": "ray turned by, degrees",
    "mpjpe_own_ray": "MPJPE without that turn",
    "seen_joints": "joints that are seen",
    "lost_joints": "joints that are missing",
    "mpjpe_by_height": "MPJPE / height",
}

Data = Mapping[str, Any]


def render(folder: Path) -> str:
    """Return the card of a weights folder; it is a function of the folder's JSON files and the template."""
    config, reports, measured = (_read(folder / f"{name}.json") for name in ("config", "evaluation", "measurements"))
    ours = {report["protocol"]["name"]: report for report in reports if report["method"] == reports[0]["method"]}
    first, wide = ours["cmu-held-out"], ours["cmu-held-out-wide"]
    text = Template(TEMPLATE.read_text()).substitute(
        name=folder.name,
        channels=config["config"]["channels"],
        depth=config["config"]["depth"],
        parameters=f"{measured['training']['parameters']:,}",
        normalisation=config["config"]["normalisation"],
        missing=_missing(config["config"]),
        tells_error=_tells_error(config["config"]),
        training=_training(measured["training"]),
        settings=_settings(measured["training"]["config"]),
        selection=_selection(config["facts"], measured["training"]),
        protocols=_protocols(list(ours.values())),
        methods=methods_table(reports),
        actions=_table("action", [*first["actions"], first["mean_over_actions"], first["all_frames"]]),
        subjects=_table("subject", first["subjects"]),
        wide_actions=_table("action", [*wide["actions"], wide["mean_over_actions"], wide["all_frames"]]),
        wide_subjects=_table("subject", wide["subjects"]),
        abroad=_abroad(folder.name),
        curves="\n\n".join(_curve(curve) for curve in measured["robustness"]),
        calibration=_calibration(measured["calibration"]),
        four_cameras=_four_cameras(measured["four_cameras"]),
        failures=_failures(measured["failures"]),
        stored="float16" if measured["half_precision"].get("used") else "float32",
        half=_half(measured["half_precision"]),
    )
    return re.sub(r"\n{3,}", "\n\n", text)


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _table(first: str, rows: Sequence[Data], titles: Sequence[str] = ()) -> str:
    names = titles or [row["name"] for row in rows]
    cells = [[name, f"{row['frames']:,}", *_values(row)] for name, row in zip(names, rows, strict=True)]
    return markdown_table([first, "frames", *METRICS.values()], cells)


def _values(row: Data) -> list[str]:
    return [f"{row['values'][metric]:.1f}" for metric in METRICS]


def methods_table(reports: Sequence[Data], *others: Sequence[Data]) -> str:
    """Return our row and the baselines', means over actions under the first protocol, below the rows of others."""
    rows = [report for report in reports if report["protocol"]["name"] == reports[0]["protocol"]["name"]]
    rows = [*(other[0] for other in others), *rows]
    return _table("method", [row["mean_over_actions"] for row in rows], [row["method"] for row in rows])


def _protocols(ours: Sequence[Data]) -> str:
    """Means over all frames by protocol: in these, cameras and noise differ."""
    rows = [one["all_frames"] for one in ours]
    said = "\n".join(f"- `{one['protocol']['name']}`: {one['protocol']['source_2d']}; {_cameras(one)}" for one in ours)
    titles = [f"`{one['protocol']['name']}`" for one in ours]
    return f"All frames:\n\n{_table('protocol', rows, titles)}\n\n{said}"


def _cameras(report: Data) -> str:
    ranges = report["protocol"]["cameras"].items()
    return ", ".join(f"{name.replace('_', ' ')} {low:g} to {high:g}" for name, (low, high) in ranges)


def _missing(config: Data) -> str:
    if config.get("missing_token"):
        return "are inferred from the others: a joint of NaN enters as a learned vector"
    return "none may be missing: a frame is whole or left out"


def _tells_error(config: Data) -> str:
    return "given for every joint of every pose, in metres (see below)" if config.get("error_head") else "not told"


def _training(training: Data) -> str:
    config, versions = training["config"], training["packages"]
    hashes = "\n".join(f"- `{name}`, sha256 `{digest}`" for name, digest in training["data_sha256"].items())
    note = f"\n{training['note']}" if training["note"] else ""
    device = training["gpu"] or f"{training['threads']} CPU thread{'s' if training['threads'] > 1 else ''}"
    return (
        f"The packaged recipe `{training['recipe']}`: {config['epochs']} epochs of "
        f"{config['data']['samples_per_epoch']:,} samples, batch {config['batch_size']}, loss `{config['loss']}`, "
        f"`{config['optimiser']['name']}` with a learning rate of {config['optimiser']['learning_rate']:g} and the "
        f"schedule `{config['optimiser']['schedule']}`, {config['precision']}, seed {config['seed']}.\n"
        f"{training['epochs_done']} epochs were done: {training['steps']:,} steps, "
        f"{training['samples_seen'] / 1e6:.2f} M samples seen, {training['minutes']:.0f} minutes on {device} "
        f"({training['machine']}), {training['samples_per_second']:.0f} samples a second. Python {training['python']}, "
        f"{', '.join(f'{name} {version}' for name, version in versions.items())}. "
        f"Started {training['started']}.{note}\n\n"
        f"Prepared data:\n\n{hashes}"
    )


def _settings(config: Data) -> str:
    rows = [[f"`{key}`", value] for key, value in _flat({key: config[key] for key in ("data", "optimiser")})]
    return f"Augmentation and optimiser, from the run's manifest:\n\n{markdown_table(['setting', 'value'], rows)}"


def _flat(values: Data, above: str = "") -> list[tuple[str, str]]:
    rows = []
    for key, value in values.items():
        if isinstance(value, Mapping):
            rows += _flat(value, f"{above}{key}.")
        elif key in ("train_clips", "left_out_clips") and value:
            rows.append((above + key, f"{len(value)} clips, named in the recipe"))
        elif key not in ("files", "keypoints", "exclude_takes") and value not in ([], None):
            rows.append((above + key, _said(value)))
    return rows


def _said(value: object) -> str:
    if isinstance(value, list):
        numbers = len(value) == 2 and all(isinstance(one, int | float) for one in value)
        return (" to " if numbers else ", ").join(map(_said, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _selection(facts: Data, training: Data) -> str:
    epoch, counted = facts["epoch"] + 1, training["config"]["data"]["validation_samples"]
    if facts["selection"] == "best":
        return (
            f"The weights are those of the epoch with the lowest error on {counted:,} "
            f"of these frames (epoch {epoch} of {training['config']['epochs']}), so the numbers are validation numbers."
        )
    return f"No epoch was chosen by them: training ran to its end, {epoch} epochs."


def _abroad(name: str) -> str:
    """Return how the weights do where nothing was trained on, as research/abroad.py measured it."""
    row = _read(ROOT / "research" / "abroad.json").get(name)
    if row is None:
        return ""
    about = (
        "MPJPE / P-MPJPE in mm, wide virtual cameras, test-time flip, 1,500 frames of each set. "
        "[research/abroad.md](../../../../../research/abroad.md) says which sets these are, and what each ingredient "
        "of the training gives there. Martial arts: subject 135, held out of CMU. Such figures chose the recipe."
    )
    return f"## Unseen data\n\n{about}\n\n{abroad.table({name: row})}"


def _curve(curve: Data) -> str:
    points = curve["points"]
    usual = next((point for place in USUAL for point in points if point["at"] == place and _fits(curve, place)), None)
    names = list(dict.fromkeys(name for point in points for name in point["other"]))
    header = [curve["axis"], "MPJPE", "change", "P-MPJPE", *(OTHER[name] for name in names)]
    rows = [
        [
            point["at"] if isinstance(point["at"], str) else f"{point['at']:g}",
            f"{point['mpjpe']:.1f}",
            f"{point['mpjpe'] / usual['mpjpe'] - 1:+.0%}" if usual else "",
            f"{point['p_mpjpe']:.1f}",
            *(f"{point['other'][name]:.1f}" if name in point["other"] else "" for name in names),
        ]
        for point in points
    ]
    return f"**{curve['name'].capitalize()}**\n\n{markdown_table(header, rows)}"


def _fits(curve: Data, place: object) -> bool:
    """A factor's usual value is 1, an amount's 0."""
    return place != 0.0 or "/" not in curve["axis"]


def _calibration(found: Data | None) -> str:
    if found is None:
        return ""
    rows = []
    for name, one in found["checked"].items():
        for when in ("before", "after"):
            row = one[when]
            figures = (row["expected_mm"], row["true_mm"], row["off_mm"])
            rows.append([f"`{name}`, {when}", *(f"{value:.1f}" for value in figures), f"{row['correlation']:.2f}"])
    header = ["mm, all joints but the root", "expected", "true", "mean distance of the bins", "correlation"]
    checked = ", ".join(found["checked_on"])
    return (
        "## Expected error\n\nThe network says for each joint how far off it expects to be. Fitted on the held-out "
        f"subjects {', '.join(found['fitted_on'])}, with exact and with noisy 2D, an expected error of e metres "
        f"became {found['factor']:.3f} e^{found['power']:.2f} (a change of the last layer; the poses are the same). "
        "With flip averaging, how far the pose and the mirrored one lie apart is added. On "
        f"the held-out subjects {checked}, "
        f"against the error of the flip-averaged pose:\n\n{markdown_table(header, rows)}\n\n"
        f"After it, by tenths of the joints in the order of their expected error:\n\n{_bins(found)}\n\n"
    )


def _bins(found: Data) -> str:
    header, columns = ["tenth"], []
    for name, one in found["checked"].items():
        bins = one["after"]["bins"]
        header += [f"expected mm, `{name}`", "true mm"]
        columns += [[f"{row['expected_mm']:.0f}" for row in bins], [f"{row['true_mm']:.0f}" for row in bins]]
    rows = [[str(number + 1), *cells] for number, cells in enumerate(zip(*columns, strict=True))]
    return markdown_table(header, rows)


def _four_cameras(text: str | None) -> str:
    if text is None:
        return ""
    return (
        "## On a real video\n\nFour calibrated cameras film one man on a beam; BlazePose finds the joints, each view "
        "is lifted on its own (see [four cameras](../../../../../research/four-cameras.md)). The reference is "
        f"triangulated from the same 2D.\n\n{text.strip()}\n\n"
    )


def _half(found: Data) -> str:
    moved = f"joints by {found['mean_mm']:.2f} mm in the mean and {found['largest_mm']:.1f} mm at most"
    if found.get("used"):
        return f"The weights are stored with 16 bits, which moved {moved}; everything above was measured with that."
    return f"16 bits for the weights would move {moved}, so they are stored\n  with 32."


def _failures(cases: Sequence[Data]) -> str:
    said = "; ".join(f"{case['action']} (subject {case['subject']}) {case['mpjpe_mm']:.0f} mm" for case in cases)
    return f"The worst frame of each of the six worst actions, wide cameras, exact 2D: {said}."


def with_methods(text: str, home: Path) -> str:
    """Return a page with the table of methods made anew, of all weights in a folder, the largest first."""
    folders = sorted((path.parent for path in home.glob("*/evaluation.json")), key=_parameters)
    smallest, *others = (_read(folder / "evaluation.json") for folder in folders)
    made = methods_table(smallest, *reversed(others))
    return TABLE.sub(lambda found: f"{found[1]}{made}\n{found[2]}", text)


def _parameters(folder: Path) -> int:
    return int(_read(folder / "measurements.json")["training"]["parameters"])


def refresh() -> None:
    """Write the bundled cards and the README's table anew."""
    for config in BUNDLED.glob("*/config.json"):
        (config.parent / "README.md").write_text(render(config.parent))
    readme = ROOT / "README.md"
    readme.write_text(with_methods(readme.read_text(), BUNDLED))


if __name__ == "__main__":
    refresh()
