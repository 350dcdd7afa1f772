"""Regenerate the tables and the command reference that docs pages copy from the code.

A page holds ``<!-- generated: name -->`` ... ``<!-- end of generated -->``; the function of that name below returns
what belongs between the two. After a change of the code run ``python -m tools.docs.tables`` from the repository.
"""

import ast
import contextlib
import inspect
import io
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from unittest.mock import patch

from torch import nn

ROOT = Path(__file__).parents[2]
PAGES = sorted(ROOT.glob("docs/*.md"))
BLOCK = re.compile(r"(<!-- generated: ([\w-]+) -->\n)(.*?)(<!-- end of generated -->)", re.DOTALL)

BLOCKS: dict[str, Callable[[], str]] = {}


def block(function: Callable[[], str]) -> Callable[[], str]:
    """Make a function the source of the block of its name."""
    BLOCKS[function.__name__.replace("_", "-")] = function
    return function


def table(header: Sequence[str], rows: Iterable[Sequence[object]], align: str = "") -> str:
    """A Markdown table; a letter r in ``align`` puts its column to the right."""
    sides = ["---:" if side == "r" else "---" for side in align.ljust(len(header))]
    lines = [header, sides, *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


# --- command reference ------------------------------------------------------------------------------------------------


def help_page(*words: str) -> str:
    """What ``ampose WORDS --help`` prints, 100 columns wide."""
    environment = {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    from ampose.cli import main as run

    # In this process: a new one a command would import everything for each. Boxes are drawn where there is UTF-8.
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with patch.dict(os.environ, environment), contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        run([*words, "--help"])
    printed.seek(0)
    return "\n".join(line.rstrip() for line in printed.read().rstrip().splitlines())


@block
def commands() -> str:
    """The help of every command."""
    from ampose.cli import command_names

    names = command_names()
    sections = [("ampose", ()), *((f"ampose {name}", (name,)) for name in names)]
    sections.append(("ampose train RECIPE", ("train", "cmu-small")))
    return "\n\n".join(f"## {title}\n\n```text\n{help_page(*words)}\n```" for title, words in sections)


# --- packages and layers ----------------------------------------------------------------------------------------------


def first_line(room: str) -> str:
    """First line of a room's docstring, from its source."""
    home = ROOT / "src" / "ampose"
    file = home / room / "__init__.py" if (home / room).is_dir() else home / f"{room}.py"
    return (ast.get_docstring(ast.parse(file.read_text())) or "").partition("\n")[0].replace("``", "`")


@block
def rooms() -> str:
    """The packages of ``src/ampose`` by layer, from the import contract."""
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    floors = [floor.split(" | ") for floor in linter["contracts"][0]["layers"]]
    rows = [(number, f"`{room}`", first_line(room)) for number, floor in enumerate(floors, start=1) for room in floor]
    return table(("layer", "package", "what it does"), rows, align="r")


# --- joints, metrics, files ----------------------------------------------------------------------------------


@block
def skeletons() -> str:
    """Every skeleton with its joints in order."""
    from ampose.poses.skeletons import get_skeleton, list_skeletons

    known = [get_skeleton(name) for name in list_skeletons()]
    return table(
        ("name", "joints", "root", "order of the joints in arrays, from 0"),
        [(f"`{s.name}`", s.num_joints, s.root, ", ".join(s.joints)) for s in known],
    )


@block
def lifters_joints() -> str:
    """The joints of the two Human3.6M skeletons."""
    from ampose.poses.skeletons import get_skeleton

    full, short = get_skeleton("human36m_17"), get_skeleton("human36m_16")
    return table(
        ("joint", "`human36m_17`", "`human36m_16`", "parent", "mirrored"),
        [
            (
                joint,
                number,
                short.index(joint) if joint in short.joints else "",
                full.parents[joint] or "(root)",
                full.joints[full.flip_order[number]] if full.side_of(joint) != "middle" else "",
            )
            for number, joint in enumerate(full.joints)
        ],
        align=" rr",
    )


@block
def mappings() -> str:
    """What is computed and what is inferred when a detector's joints become a lifter's."""
    from ampose.errors import InputError
    from ampose.poses.skeletons import find_mapping, list_skeletons

    rows = []
    for source in list_skeletons():
        for target in ("human36m_17", "human36m_16"):
            try:
                mapping = find_mapping(source, target)
            except InputError:
                continue
            if source != target:
                computed = ", ".join(joint for joint in mapping.target.joints if joint in mapping.recipe)
                made_up = ", ".join(joint for joint in mapping.target.joints if joint in mapping.made_up)
                rows.append((f"`{source}`", f"`{target}`", computed or "none", made_up or "none"))
    return table(("from", "to", "computed from other joints", "of these `made_up`"), rows)


@block
def metrics() -> str:
    """Every metric with its unit."""
    from ampose.poses.metrics import display
    from ampose.poses.metrics import metrics as registered

    rows = [
        (
            f"`{entry.name}`",
            display(entry.name).label,
            display(entry.name).unit,
            "the chosen joints" if entry.facts.chosen_joints else "all joints",
            "one whole sequence" if entry.facts.whole_sequence else "samples",
        )
        for entry in registered.entries()
    ]
    return table(("name", "shown as", "unit", "over", "of"), rows)


@block
def keypoint_formats() -> str:
    """Every keypoint file format with how it is recognised."""
    from ampose.files.keypoints import readers

    rows = [
        (
            entry.facts.title,
            f"`{entry.name}`",
            entry.facts.looks_for,
            f"`ampose lift {entry.facts.example} -o out{'' if entry.facts.size else ' --image-size 1920x1080'}`",
        )
        for entry in readers.entries()
    ]
    return table(("who wrote it", "format", "recognised by", "command"), rows)


def layout_of(module: str) -> str:
    """The part of a module's docstring that is set apart as a literal block."""
    source = (ROOT / "src" / "ampose" / "files" / "poses" / f"{module}.py").read_text()
    described = (ast.get_docstring(ast.parse(source)) or "").partition("::\n\n")[2]
    lines = re.split(r"\n(?=\S)", described)[0].rstrip().splitlines()
    return "\n".join(["```text", *(line.removeprefix("    ") for line in lines), "```"])


@block
def poses_json() -> str:
    """The layout of ``poses.json``."""
    return layout_of("json_file")


@block
def poses_npz() -> str:
    """The layout of ``poses.npz``."""
    return layout_of("npz_file")


# --- faithfulness -----------------------------------------------------------------------------------------------------


def cost(name: str, **overrides: object) -> tuple[int, int, int, int]:
    """Parameters, those that the papers' tool saw, multiply-adds, those with weights."""
    from ampose.models import create_model
    from ampose.models.cost import measure_cost

    network = create_model(name, **overrides)
    whole = measure_cost(network, depth=0)[0]
    seen = sum(p.numel() for m in network.modules() if isinstance(m, nn.Linear) for p in m.parameters(recurse=False))
    return whole.parameters, seen, whole.macs, whole.weight_macs


def millions(count: int, digits: int = 3) -> str:
    """A count in millions."""
    return f"{count / 1e6:.{digits}f}"


@block
def counts() -> str:
    """Cost of ``ampose-full`` beside the paper."""
    parameters, seen, macs, weight_macs = cost("ampose-full")
    return table(
        ("`ampose-full`, 17 joints, one pose", "count", "the paper prints"),
        [
            ("parameters, all", f"{parameters:,}", ""),
            ("parameters that thop 0.0.31 saw (no LayerNorm, no W_pos)", f"{seen:,}", "18.3 M"),
            ("MACs, every matrix product", f"{macs:,}", ""),
            ("FLOPs, 2 x MACs", f"{2 * macs:,}", ""),
            ('weight MACs: the paper\'s "FLOPs"', f"{weight_macs:,}", "312.2 M"),
        ],
        align=" rr",
    )


@block
def ratios() -> str:
    """Cost of ``ampose-full`` by the width of its MLP."""
    rows = []
    for ratio in (1.0, 2.0, 3.0, 4.0):
        parameters, _, _, weight_macs = cost("ampose-full", mlp_ratio=ratio)
        rows.append((f"{ratio:g}", millions(parameters, 1), millions(weight_macs, 1)))
    header = ("`mlp_ratio`", "M parameters (printed: 18.3)", "M weight MACs (printed: 312.2)")
    return table(header, rows, align="rrr")


PRINTED_BLOCKS = {
    "ours": ("18.3", "312.2"),
    "two-residual": ("18.5", "312.2"),
    "transformer": ("17.0", "289.8"),
    "convnext": ("17.0", "289.9"),
}
"""Parameters and "FLOPs" of Table 5, in millions."""


@block
def blocks() -> str:
    """Cost of the four designs of Table 5."""
    rows = []
    for design, (printed_parameters, printed_flops) in PRINTED_BLOCKS.items():
        parameters, seen, macs, weight_macs = cost("ampose-full", block=design)
        rows.append(
            (
                f"`{design}`",
                f"{parameters:,}",
                millions(seen),
                printed_parameters,
                millions(macs, 1),
                millions(weight_macs),
                printed_flops,
            )
        )
    header = ("`block`", "parameters", "M seen by thop", "printed M", "M MACs", "M weight MACs", 'printed M "FLOPs"')
    return table(header, rows, align=" rrrrrr")


@block
def sizes() -> str:
    """Cost of the models of Table 2."""
    rows = []
    for name, joints, depth, ratio, printed in (
        ("ampose-full", 16, 5, 2.0, "18.3"),
        ("ampose-small", 16, 5, 2.0, "0.67"),
        ("ampose-small", 17, 5, 2.0, ""),
        ("ampose-small", 16, 4, 4.0, "0.67"),
    ):
        parameters, _, macs, weight_macs = cost(name, skeleton=f"human36m_{joints}", depth=depth, mlp_ratio=ratio)
        rows.append(
            (f"`{name}`", joints, depth, f"{ratio:g}", f"{parameters:,}", printed, f"{macs:,}", f"{weight_macs:,}")
        )
    header = ("model", "joints", "depth", "MLP ratio", "parameters", "printed M (Table 2)", "MACs", "weight MACs")
    return table(header, rows, align=" rrrrrrr")


@block
def flops() -> str:
    """The "FLOPs" of Table 4 in one unit."""
    _, _, macs, weight_macs = cost("ampose-full")
    ours = ("AMPose, printed", "312", "weight MACs", millions(weight_macs, 0), millions(2 * weight_macs, 0))
    honest = ("AMPose, every product counted", "", "", millions(macs, 0), millions(2 * macs, 0))
    others = (("P-STMO, printed", "493", "FLOPs", "246", "493"), ("MHFormer, printed", "1030", "FLOPs", "517", "1035"))
    header = ("row of Table 4", 'printed M "FLOPs"', "unit of that number", "M MACs", "M FLOPs")
    return table(header, [ours, honest, *others], align=" r rr")


@block
def models() -> str:
    """Every registered model."""
    from ampose.evaluation.systems import HEADER, describe_system, list_systems
    from ampose.models import find_model

    rows = []
    for name in list_systems():
        shown = describe_system(name)
        _, venue, *cells = shown.cells()
        link = find_model(name).facts.link
        rows.append((f"`{name}`", f"[{venue}]({link})" if link else venue, *cells, shown.published.note))
    return table((*HEADER, "what differs"), rows, align="  rrr r")


def described_fields(kind: type) -> list[tuple[str, str, str]]:
    """Name, default and docstring of a config's own fields."""
    (source,) = ast.parse(inspect.getsource(kind)).body
    fields = []
    for statement, after in zip(source.body, source.body[1:], strict=False):
        if isinstance(statement, ast.AnnAssign) and statement.value is not None and isinstance(after, ast.Expr):
            text = " ".join(ast.literal_eval(after.value).split()).replace("``", "`").replace("|", r"\|")
            fields.append((statement.target.id, ast.unparse(statement.value), text))
    return fields


def open_items(kind: type, prefix: str, leave_out: Sequence[str] = ()) -> list[tuple[str, str, str]]:
    """The rows of a config in the table of open choices."""
    rows = [(name, default, text) for name, default, text in described_fields(kind) if name not in leave_out]
    return [(f"`{prefix}{name}`", f"`{default}`".replace("'", ""), text) for name, default, text in rows]


@block
def choices() -> str:
    """Every choice that the paper leaves open."""
    from ampose.models.lifter_network import LifterConfig
    from ampose.models.networks.ampose import AMPoseConfig
    from ampose.training.config import DataConfig, OptimiserConfig, TrainConfig

    rows = open_items(AMPoseConfig, "model.")
    rows += open_items(LifterConfig, "model.")
    rows += [row for row in open_items(DataConfig, "data.") if row[0] == "`data.flip`"]
    rows += open_items(OptimiserConfig, "optimiser.")
    rows += open_items(TrainConfig, "", ("data", "optimiser", "model", "model_name", "checkpoint_minutes"))
    return table(("key", "default", "what the paper says, what others do, what we do"), rows)


# --- pages ------------------------------------------------------------------------------------------------------------


def blocks_of(text: str) -> dict[str, str]:
    """Name and content of each generated block of a page."""
    return {match[2]: match[3] for match in BLOCK.finditer(text)}


def regenerated(text: str) -> str:
    """The page with its generated blocks as the code is now."""
    return BLOCK.sub(lambda match: f"{match[1]}{BLOCKS[match[2]]()}\n{match[4]}", text)


def main() -> None:
    """Rewrite the pages whose blocks are out of date."""
    for page in PAGES:
        text = page.read_text()
        if (new := regenerated(text)) != text:
            page.write_text(new)
            print(page.relative_to(ROOT))


if __name__ == "__main__":
    main()
