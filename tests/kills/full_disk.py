"""``python -m tests.kills.full_disk`` runs commands on disks that are too small, and checks what is left.

It mounts a file system in memory (Linux, as root). Each run must end with one line, with no file half-written and none
left behind; with room the files are those of a run that nobody disturbed.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.kills.__main__ import Command, broken, check_nothing_left, check_same, finish, main, start

BLOCK = 4096


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a disk in memory on a folder for the length of the block.

    Raises:
        OSError: This user may not.
    """
    folder.mkdir()
    resize(folder, BLOCK, "mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def resize(folder: Path, size: int, how: str = "remount") -> None:
    """Give a disk so many bytes."""
    options = f"size={size}" if how == "mount" else f"remount,size={size}"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False)
    if done.returncode:
        raise OSError(done.stderr.decode().strip())


def check_full(name: str, command: Command, home: Path, sizes: int) -> str:
    """Run a command on disks of so many sizes, from nothing to what it needs; returns a line about it."""
    calm = home / f"{name}-calm"
    calm.mkdir()
    finish(command, calm)
    needed = sum(BLOCK + file.stat().st_size for file in calm.rglob("*"))
    refused = 0
    with small_disk(home / f"{name}-disk") as disk:
        out = disk / "out"
        for number in range(sizes):
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir()
            size = BLOCK + int(needed * number / sizes)
            resize(disk, size)
            process = start(command, out)
            text, _ = process.communicate()
            refused += process.returncode != 0
            wrong = list(broken(out)) if out.exists() else []
            if process.returncode not in (0, 1, 2) or b"Traceback" in text or wrong:
                raise AssertionError(f"{name}, {size} bytes: {process.returncode} {wrong} {text.decode()[-1500:]}")
            check_nothing_left(f"{name}, {size} bytes", disk)
        resize(disk, 20 * needed)
        out.mkdir(exist_ok=True)
        finish(command, out)
        check_same(name, command, out, calm)
    return f"{name}: {refused} of {sizes} disks were too small: nothing half-written, nothing left behind"


if __name__ == "__main__":
    sys.exit(main(check_full, "sizes", 20, __doc__))
