"""Odd files made of good ones: by their bytes, and by what is inside (JSON, tables, archives, HDF5, pickles, headers).

A random generator of Python decides everything, so that an input can be made again by its number.
"""

import ast
import io
import itertools
import json
import pickletools
import random
import struct
import zipfile
from collections.abc import Callable
from typing import Any

Mutation = Callable[[bytes, random.Random], bytes]

NUMBERS = (0, 1, -1, 2, 255, 256, 65535, 2**31 - 1, 2**31, 2**32, 2**63, 10**30, 0.5, 1e-320, 1e308, -1e308, 1e39)
TEXTS = ("", " ", "nan", "inf", "-inf", "1e400", "=1+1", "\x1b[2J", "\x00", "é" * 300, "../../x", "{}", "null", "\t")
BYTES = (b"\x00", b"\xff", b"\x80", b"\x7f", b"\x00" * 4, b"\xff" * 4, b"\xff\xff\xff\x7f", b"\n", b'"', b"[" * 50)
DEEP = 3000


def odd_bytes(data: bytes, rng: random.Random) -> bytes:
    """Flip, overwrite, cut out, repeat, insert or cut off, once or a few times."""
    content = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        if not content:
            return bytes(rng.randbytes(rng.randrange(20)))
        # Headers are where counts are: every second place is in the first part.
        at = rng.randrange(min(len(content), 600) if rng.random() < 0.5 else len(content))
        size = min(rng.choice((1, 2, 4, 8, 50, 500)), len(content) - at)
        kind = rng.randrange(8)
        if kind == 0:
            content[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            content[at : at + size] = rng.randbytes(size)
        elif kind == 2:
            del content[at : at + size]
        elif kind == 3:
            content[at:at] = content[at : at + size]
        elif kind == 4:
            content[at:at] = rng.choice(BYTES)
        elif kind == 5:
            value = rng.choice((0, 1, 127, 128, 255, 32767, 65535, 2**31 - 1, 2**32 - 1))
            width = rng.choice((1, 2, 4))
            content[at : at + width] = (value % 256**width).to_bytes(width, rng.choice(("little", "big")))
        elif kind == 6:
            content[at : at + len(chosen)] = (chosen := rng.choice(BYTES))
        else:
            del content[at:]
    return bytes(content)


def odd_value(value: Any, rng: random.Random) -> Any:
    """Return something else in place of a value of JSON."""
    options: list[Any] = [
        rng.choice(NUMBERS),
        rng.choice(TEXTS),
        rng.choice((None, True, False, [], {}, [[]], float("nan"), float("inf"))),
        [value],
        {"0": value},
        str(value)[:100],
    ]
    if isinstance(value, int | float):
        options += [-value, value * 1e6, value + 0.5, value * 1e-9]
    if isinstance(value, list) and value:
        options += [value[:-1], value + value[-1:], value[::-1], value[:1] * len(value), value * 3]
    if isinstance(value, dict) and value:
        dropped = rng.choice(list(value))
        options += [{key: inner for key, inner in value.items() if key != dropped}] * 3
    return rng.choice(options)


def odd_node(data: Any, rng: random.Random) -> Any:
    """Replace one node of a tree; deep ones as often as shallow ones."""
    if isinstance(data, list | dict) and data and rng.random() < 0.85:
        keys = range(len(data)) if isinstance(data, list) else list(data)
        key = rng.choice(keys)
        if isinstance(data, dict) and rng.random() < 0.05:
            return {(rng.choice(TEXTS) if name == key else name): inner for name, inner in data.items()}
        copy = data.copy()
        copy[key] = odd_node(data[key], rng)
        return copy
    return odd_value(data, rng)


def odd_json(data: bytes, rng: random.Random) -> bytes:
    """Replace nodes of a JSON text."""
    tree = json.loads(data)
    if rng.random() < 0.01:
        return b"[" * DEEP + data + b"]" * DEEP
    for _ in range(rng.choice((1, 1, 2, 5))):
        tree = odd_node(tree, rng)
    return json.dumps(tree).encode()


def odd_text(data: bytes, rng: random.Random) -> bytes:
    """Replace, drop, repeat or exchange the fields and the lines of a table or of a language of words."""
    lines = data.decode("utf-8", errors="replace").splitlines(keepends=True)
    for _ in range(rng.choice((1, 1, 2, 5))):
        if not lines:
            return b"\n"
        at = rng.randrange(min(len(lines), 8) if rng.random() < 0.5 else len(lines))
        kind = rng.randrange(8)
        if kind == 0:
            del lines[at]
        elif kind == 1:
            lines[at:at] = [lines[at]] * rng.choice((1, 2, 100))
        elif kind == 2:
            other = rng.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        elif kind == 3:
            del lines[at:]
        else:
            mark = next((mark for mark in ("\t", ",", " ") if mark in lines[at].strip()), " ")
            fields = lines[at].rstrip("\r\n").split(mark)
            place = rng.randrange(len(fields))
            if kind == 4:
                del fields[place]
            elif kind == 5:
                fields.insert(place, fields[place])
            else:
                fields[place] = str(rng.choice(NUMBERS + TEXTS + ('"', "'''", "[" * 200, "1" * 5000, "-0", "1_0")))
            lines[at] = mark.join(fields) + "\n"
    return "".join(lines).encode("utf-8", errors="replace")


def odd_npy(data: bytes, rng: random.Random) -> bytes:
    """Change the header of an array: its type, order or shape."""
    length = struct.unpack("<H", data[8:10])[0]
    header, rest = ast.literal_eval(data[10 : 10 + length].decode()), data[10 + length :]
    if rng.random() < 0.3:
        return data[: 10 + length] + odd_bytes(rest, rng)
    shape = list(header["shape"])
    kind = rng.randrange(5)
    if kind == 0 and shape:
        shape[rng.randrange(len(shape))] = rng.choice((0, 1, -1, 2**31, 2**62, 10**12, True, 3))
    elif kind == 1:
        shape.insert(rng.randrange(len(shape) + 1), rng.choice((0, 1, 10**9)))
    elif kind == 2:
        shape = shape[::-1]
    elif kind == 3:
        types = ("<f4", "<f8", ">f8", "<i8", "|b1", "|O", "<U0", "<U9", "|S0", "<c16", "<M8[s]", "|V0", [("a", "<f4")])
        header["descr"] = rng.choice(types)
    else:
        header[rng.choice(list(header))] = rng.choice((None, True, "x", -1, ()))
    header["shape"] = tuple(shape) if "shape" in header else ()
    text = repr(header)
    if rng.random() < 0.1:
        text = text.replace("}", rng.choice(("", "}" * 9, "'''", "(" * 300)))
    line = text.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(line)) + line + rest


def odd_archive(data: bytes, rng: random.Random) -> bytes:
    """Change a member of an npz file, or the archive around it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice(list(members))
    kind = rng.randrange(8)
    if kind == 0:
        del members[name]
    elif kind == 1:
        members[rng.choice(("x.npy", "", "../x.npy", "positions", name.upper()))] = members.pop(name)
    elif kind == 2:
        members[name] = rng.choice(list(members.values()))
    elif kind == 3:
        members[name] = rng.choice((b"", b"\x93NUMPY", b"text", b"\x93NUMPY\x03\x00\xff\xff"))
    elif kind in (4, 5):
        members[name] = odd_npy(members[name], rng)
    elif kind == 6 and b"|O" in members[name][:200]:
        end = 10 + struct.unpack("<H", members[name][8:10])[0]
        members[name] = members[name][:end] + odd_pickle(members[name][end:], rng)
    else:
        members[name] = odd_bytes(members[name], rng)
    return _archive(members, rng)


def _archive(members: dict[str, bytes], rng: random.Random) -> bytes:
    """Write the members; now and then with a flag or a method of compression that they have not."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for other, content in members.items():
            archive.writestr(other, content)
    content = bytearray(stream.getvalue())
    if rng.random() < 0.15:  # a flag or a method of compression, in both headers
        at, value = rng.choice(((2, 1), (2, 8), (4, 99), (4, 12), (4, 14), (18, 255)))
        for mark, first in ((b"PK\x03\x04", 4), (b"PK\x01\x02", 6)):
            if (start := content.find(mark)) >= 0:
                content[start + first + at] = value
    return bytes(content)


def odd_pickle(data: bytes, rng: random.Random) -> bytes:
    """Drop, repeat, exchange or insert operations of a pickle."""
    places = [*(place for _, _, place in pickletools.genops(data)), len(data)]
    steps = [data[a:b] for a, b in itertools.pairwise(places)]
    for _ in range(rng.choice((1, 1, 2, 6))):
        at = rng.randrange(len(steps))
        kind = rng.randrange(5)
        if kind == 0:
            del steps[at]
        elif kind == 1:
            steps[at:at] = [steps[at]] * rng.choice((1, 2, 30))
        elif kind == 2:
            other = rng.randrange(len(steps))
            steps[at], steps[other] = steps[other], steps[at]
        elif kind == 3:
            doubles = (b"2\x86", b"2\x86" * 20, b"](h\x00h\x00e", b"q\x00h\x00\x86" * 9, b"r\xff\xff\xff\x0f")
            steps[at:at] = [rng.choice(doubles)]
        else:
            odd = (b"N", b"]", b"}", b")", b"(", b"t", b"R", b"b", b"\x85", b"K\xff", b"cos\nsystem\n", b"h\x00", b"0")
            steps[at] = rng.choice(odd)
        if not steps:
            return b"."
    return b"".join(steps)


def odd_hdf5(data: bytes, rng: random.Random) -> bytes:
    """Change, drop, rename or retype an array or an attribute of an HDF5 file."""
    import h5py
    import numpy as np

    stream = io.BytesIO(data)
    with h5py.File(stream, "r+") as file:
        names: list[str] = []
        file.visit(names.append)
        name = rng.choice(names)
        node = file[name]
        kind = rng.randrange(6)
        if kind == 0:
            del file[name]
        elif kind == 1:
            file.move(name, rng.choice(("x", "tracks2", "a/b")))
        elif kind == 2 and len(node.attrs):
            attribute = rng.choice(list(node.attrs))
            node.attrs[attribute] = rng.choice((0, "x", b"\x80\x02N.", "[1", np.zeros(3)))
        elif isinstance(node, h5py.Dataset):
            array = node[()]
            del file[name]
            if kind == 3:
                file.create_dataset(name, shape=rng.choice(((0,), (10**6, 10**6), (1, 1, 1, 1))), chunks=None)
            elif kind == 4:
                file[name] = np.asarray(array).ravel()
            else:
                file[name] = rng.choice((np.float32(3), b"text", np.zeros((2, 0)), np.array([b"a", b"b"])))
    return stream.getvalue()


def odd_parquet(data: bytes, rng: random.Random) -> bytes:
    """Drop, rename, retype or fill a column, or change the header in the metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(data))
    at = rng.randrange(table.num_columns)
    name = table.column_names[at]
    kind = rng.randrange(6)
    if kind == 0:
        table = table.drop_columns([name])
    elif kind == 1:
        table = table.rename_columns([rng.choice((*TEXTS, "frame")) if n == name else n for n in table.column_names])
    elif kind == 2:
        table = table.set_column(at, name, table[name].cast(pa.string()))
    elif kind == 3:
        value = rng.choice((float("nan"), float("inf"), 1e300, -1.0, 0.5, 1e12))
        table = table.set_column(at, name, pa.array([value] * table.num_rows))
    elif kind == 4:
        table = table.slice(rng.randrange(table.num_rows), rng.choice((0, 1, 5)))
    else:
        about = table.schema.metadata[b"ampose"]
        table = table.replace_schema_metadata({b"ampose": rng.choice((odd_json, odd_bytes))(about, rng)})
    stream = io.BytesIO()
    pq.write_table(table, stream)
    return stream.getvalue()


def odd_safetensors(data: bytes, rng: random.Random) -> bytes:
    """Change the header of tensors."""
    length = struct.unpack("<Q", data[:8])[0]
    header = odd_json(data[8 : 8 + length], rng)
    return struct.pack("<Q", rng.choice((len(header), len(header), 0, 2**40))) + header + data[8 + length :]


STRUCTURED: dict[str, tuple[Mutation, ...]] = {
    ".json": (odd_json, odd_json, odd_text),
    ".npz": (odd_archive,),
    ".npy": (odd_npy,),
    ".h5": (odd_hdf5,),
    ".mat": (odd_bytes,),
    ".parquet": (odd_parquet,),
    ".safetensors": (odd_safetensors,),
    ".pkl": (odd_pickle,),
} | dict.fromkeys((".csv", ".txt", ".bvh", ".trc", ".toml", ".asf", ".amc", ".calibration"), (odd_text,))
"""By the ending of a file's name; others are mutated by their bytes alone."""


def mutate(name: str, data: bytes, rng: random.Random) -> bytes:
    """Return an odd version of a file: two of three times by what is inside, where that is known."""
    known = STRUCTURED.get("." + name.rpartition(".")[2], ())
    if known and rng.random() < 0.67:
        try:
            data = rng.choice(known)(data, rng)
        except Exception:  # what was changed could not be written: change its bytes
            return odd_bytes(data, rng)
        if rng.random() < 0.9:
            return data
    return odd_bytes(data, rng)
