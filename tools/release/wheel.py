"""Install a wheel in an empty environment for each extra, use it there, and measure what was installed.

``python -m tools.release.wheel core video`` builds the wheel of this tree and tries two of them; ``--wheel FILE`` takes
one that is built. ``core`` is the package without extras.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
LARGEST_WHEEL_MB = 25
EXTRAS = ("core", "video", "train", "all")


def pip(*words: object) -> None:
    """Run the pip of this interpreter."""
    subprocess.run([sys.executable, "-m", "pip", "--quiet", *map(str, words)], check=True)


def make_environment(folder: Path) -> Path:
    """Make an environment, without a pip of its own, and return its Python."""
    venv.create(folder, with_pip=False)
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def try_extra(wheel: Path, extra: str) -> float:
    """Install the wheel with one extra, use it, and return the environment's size in MB."""
    with tempfile.TemporaryDirectory() as folder:
        home, work = Path(folder, "environment"), Path(folder, "work")
        work.mkdir()
        python = make_environment(home)
        name = str(wheel) if extra == "core" else f"{wheel}[{extra}]"
        pip("--python", python, "install", "--no-compile", "--constraint", ROOT / "constraints.txt", name)
        size = sum(file.lstat().st_size for file in home.rglob("*")) / 1e6
        # Isolated: neither this tree nor the user's packages are imported.
        subprocess.run([python, "-I", ROOT / "tools" / "release" / "smoke.py", extra, ROOT], check=True, cwd=work)
    return size


def measure(wheel: Path, extras: Sequence[str]) -> Iterator[str]:
    """Yield a line for the wheel and one for each extra.

    Raises:
        SystemExit: The wheel is too large.
    """
    size = wheel.stat().st_size / 1e6
    if size > LARGEST_WHEEL_MB:
        raise SystemExit(f"{wheel.name} has {size:.1f} MB; {LARGEST_WHEEL_MB} are allowed")
    yield f"{wheel.name}: {size:.1f} MB"
    for extra in extras:
        yield f"{extra}: {try_extra(wheel, extra):,.0f} MB installed, works"


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Return the extras to try, all of them if none is named, and the wheel, if there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("extras", nargs="*", metavar="{" + ",".join(EXTRAS) + "}")  # with choices, none is refused
    parser.add_argument("--wheel", type=Path)
    arguments = parser.parse_args(words)
    if unknown := set(arguments.extras) - set(EXTRAS):
        parser.error(f"extras must be among {', '.join(EXTRAS)}, got {', '.join(sorted(unknown))}")
    arguments.extras = arguments.extras or list(EXTRAS)
    return arguments


def main() -> None:
    """Run the command."""
    arguments = parse(sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        if arguments.wheel is None:
            pip("wheel", "--no-deps", "--wheel-dir", folder, ROOT)
            arguments.wheel = next(Path(folder).glob("*.whl"))
        for line in measure(arguments.wheel, arguments.extras):
            print(line, flush=True)


if __name__ == "__main__":
    main()
