"""Archives are compared with their file before anything is unpacked."""

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ampose.errors import InputError
from ampose.files.archives import allowance, read_npz


def member(shape: str, data: bytes = b"") -> bytes:
    """An npy file whose header states this shape."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def archive(path: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members:
            file.writestr(name, content)
    return path


def test_arrays_come_back(tmp_path: Path) -> None:
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.array("text"), "none": np.zeros((0, 3)), "t": np.array(["x"])}
    np.savez_compressed(tmp_path / "a.npz", **arrays)
    found = read_npz(tmp_path / "a.npz")
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)


def marked(data: bytes, at: int, value: int) -> bytes:
    """Set a byte in both of a zip's headers: 2 is the flags, 4 the compression, both counted from the version."""
    content = bytearray(data)
    for mark, first in ((b"PK\x03\x04", 4), (b"PK\x01\x02", 6)):
        content[content.find(mark) + first + at] = value
    return bytes(content)


def whole() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, a=np.zeros(3))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (marked(whole(), 2, 1), "not encrypted"),
        (marked(whole(), 4, 99), "compression"),
        (whole()[:-30], "a whole npz file"),
        (b"", "a whole npz file"),
        (b"PK\x03\x04", "a whole npz file"),
    ],
    ids=["encrypted", "another compression", "cut off", "empty", "its first bytes"],
)
def test_damaged_ones_are_one_line(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(InputError, match=rf"a\.npz: .*{message}"):
        read_npz(tmp_path / "a.npz")


@pytest.mark.parametrize("shape", ["(1000000000000,)", "(4096, 4096, 4096)", "(2,)"])
def test_a_header_that_states_more_than_there_is(shape: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.npz: a\.npy must be whole, got 8 bytes of the"):
        read_npz(archive(tmp_path / "a.npz", ("a.npy", member(shape, bytes(8)))))


def test_text_without_length_is_no_way_around(tmp_path: Path) -> None:
    content = member("(1000000000,)").replace(b"<f8", b"<U0")
    with pytest.raises(InputError, match="must be whole"):
        read_npz(archive(tmp_path / "a.npz", ("a.npy", content)))


def test_what_unpacks_to_too_much_is_not_unpacked(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.npz", ("a.npy", member("(10000000,)", bytes(80_000_000))))
    assert path.stat().st_size < 100_000
    assert allowance(path) < 80_000_000
    with pytest.raises(InputError, match="must not unpack to 80 MB"):
        read_npz(path)


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_two_of_one_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two of one name"):
        read_npz(archive(tmp_path / "a.npz", ("a.npy", member("(0,)")), ("a.npy", member("(0,)"))))


@pytest.mark.parametrize("letter", [0x110000, 0xD800])
def test_text_of_what_are_no_letters(letter: int, tmp_path: Path) -> None:
    text = np.array([97, letter], dtype="<u4").view("<U2")
    np.savez(tmp_path / "a.npz", name=text)
    with pytest.raises(InputError, match=r"a\.npz: name\.npy must be text, got numbers that are no letters"):
        read_npz(tmp_path / "a.npz")
