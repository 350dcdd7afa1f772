import io
import os
import pickle
import pickletools
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ampose.errors import InputError
from ampose.files.pickles.restricted_pickle import load_restricted_npz, loads_restricted


class Call:
    """An object whose pickle calls a function when it is read."""

    def __init__(self, function, *args, state=None):
        self.parts = (function, args) if state is None else (function, args, state)

    def __reduce__(self):
        return self.parts


def npz_with(path, **members):
    np.savez_compressed(path, **members)
    return path


def npz_with_pickle(path, data, name="positions_3d"):
    """An .npz whose one member is an array of objects with this pickle after its header."""
    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(member, {"descr": "|O", "fortran_order": False, "shape": ()})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.npy", member.getvalue() + data)
    return path


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
@pytest.mark.parametrize(
    "value",
    [
        {"S1": {"Walking 1": np.arange(24, dtype=np.float32).reshape(2, 4, 3)}},
        [np.arange(6.0).reshape(2, 3), np.array([True, False]), np.array(["a", "öß"]), np.array([b"x"])],
        (np.asfortranarray(np.arange(6, dtype=">i4").reshape(2, 3)), np.float32(1.5), np.int64(7)),
        np.array([np.zeros(2), None, "text", [1, 2.5]], dtype=object),
        {"empty": np.zeros((0, 3)), "none": None, "flag": True, "big": 10**30, "bytes": b"\xff\x00", "no bytes": b""},
    ],
    ids=["nested", "kinds", "orders", "objects", "plain"],
)
def test_plain_data_comes_back_in_every_protocol(value, protocol):
    found = loads_restricted(pickle.dumps(value, protocol=protocol))
    assert_same(found, value)


def assert_same(found, value):
    assert type(found) is type(value)
    if isinstance(value, dict):
        assert list(found) == list(value)
        for key, item in value.items():
            assert_same(found[key], item)
    elif isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.dtype == object):
        assert len(found) == len(value)
        for a, b in zip(found, value, strict=True):
            assert_same(a, b)
    else:
        np.testing.assert_array_equal(found, value)
        if isinstance(value, np.ndarray):
            assert found.dtype == value.dtype


def test_npz_with_objects_and_plain_arrays(tmp_path):
    positions = {"S1": {"Walking": np.ones((3, 32, 3), np.float32)}}
    path = npz_with(tmp_path / "a.npz", positions_3d=np.array(positions, dtype=object), plain=np.arange(4))
    found = load_restricted_npz(path)
    np.testing.assert_array_equal(found["positions_3d"]["S1"]["Walking"], np.ones((3, 32, 3)))
    np.testing.assert_array_equal(found["plain"], np.arange(4))


def test_shared_arrays_are_read_once():
    array = np.arange(3)
    value = [array] * 3
    for _ in range(14):  # 3 * 2**14 places
        value = [value, value]
    found = loads_restricted(pickle.dumps(value))
    while isinstance(found[0], list):
        assert found[0] is found[1]
        found = found[0]
    np.testing.assert_array_equal(found[0], array)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False), st.lists))
def test_any_plain_data_comes_back(value):
    assert loads_restricted(pickle.dumps(value)) == value


# --- hostile pickles. Each would write the file `marker` or reach a function if it were run. ---


def hostile(marker):
    """(name, what the refusal names, pickle) of everything that must be refused."""
    command = f"touch {marker}"
    system = f"{os.system.__module__}.system"
    run = Call(os.system, command)
    nested = np.array({"S1": {"Walking": run}}, dtype=object)
    text = marker.encode()
    np_name = b"cnumpy.core.multiarray\n_reconstruct\n"
    array = np_name + b"(cnumpy\nndarray\n(K\x00tC\x01btR"
    float_type = b"cnumpy\ndtype\n(X\x02\x00\x00\x00f4I00\nI01\ntR"
    return [
        ("system", system, pickle.dumps(run)),
        ("system-protocol-0", system, pickle.dumps(run, protocol=0)),
        ("eval", "builtins.eval", pickle.dumps(Call(eval, f"open({marker!r}, 'w')"))),
        ("exec", "builtins.exec", pickle.dumps(Call(exec, f"open({marker!r}, 'w')"))),
        ("open", "io.open", pickle.dumps(Call(open, marker, "w"))),
        ("getattr", "builtins.getattr", b"cbuiltins\ngetattr\n."),
        ("in-array", system, pickle.dumps(nested)),
        ("as-key", system, pickle.dumps({run: 1})),
        ("as-state", system, pickle.dumps(Call(np.dtype, "f4", state=run))),
        ("as-argument", system, pickle.dumps(Call(np.dtype, run))),
        ("numpy-save", "numpy", pickle.dumps(Call(np.savetxt, marker, [1]))),
        ("numpy-load", "numpy", pickle.dumps(Call(np.load, marker))),
        ("numpy-fromfile", "numpy", b"cnumpy\nfromfile\n(X" + struct.pack("<I", len(text)) + text + b"tR."),
        ("dotted-name", "numpy.ndarray.tofile", b"\x80\x04\x8c\x05numpy\x8c\x0endarray.tofile\x93."),
        ("stack-global", "posix.system", b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x01x\x85R."),
        ("inst", "posix.system", b"(S'touch x'\niposix\nsystem\n."),
        ("obj", "posix.system", b"(cposix\nsystem\nS'touch x'\no."),
        ("newobj", "builtins.object", b"\x80\x02cbuiltins\nobject\n)\x81."),
        ("newobj-stand-in", "NEWOBJ", b"\x80\x02cnumpy\nndarray\n)\x81."),
        ("newobj-ex", "NEWOBJ_EX", b"\x80\x04cnumpy\nndarray\n)}\x92."),
        ("inst-stand-in", "numpy.ndarray", b"(K\x03inumpy\nndarray\n."),
        ("ndarray-called", "numpy.ndarray", b"cnumpy\nndarray\n(K\x03tR."),
        ("function-itself", "numpy._reconstruct", np_name + b"."),
        ("build-on-function", "numpy._reconstruct", np_name + b"}(X\x05\x00\x00\x00_callK\x01ub."),
        ("build-slots-on-function", "numpy._reconstruct", np_name + b"N}(X\x05\x00\x00\x00_callK\x01u\x86b."),
        ("build-on-dict", "a value of another kind", b"}}(X\x01\x00\x00\x00aK\x01ub."),
        ("other-subclass", "another class", np_name + b"(cnumpy\ndtype\n(K\x00tC\x01btR."),
        (
            "pointers-as-bytes",
            "no list",
            array + b"(K\x01(K\x01tcnumpy\ndtype\n(X\x01\x00\x00\x00OtRI00\nC\x08AAAAAAAAtb.",
        ),
        ("too-few-bytes", "numbers", array + b"(K\x01(K\x09t" + float_type + b"I00\nC\x04AAAAtb."),
        ("negative-shape", "shape", array + b"(K\x01(J\xff\xff\xff\xfft" + float_type + b"I00\nC\x04AAAAtb."),
        ("no-state", "without its numbers", array + b"."),
        ("two-states", "state", array + (b"(K\x01(K\x01t" + float_type + b"I00\nC\x04AAAAtb") * 2 + b"."),
        ("dtype-fields", "numpy.dtype", pickle.dumps(np.zeros(2, dtype=[("a", "f4"), ("b", "O")]))),
        ("dtype-text", "numpy.dtype", b"cnumpy\ndtype\n(X\x05\x00\x00\x00f4,O8tR."),
        ("dtype-itself", "numpy.dtype", pickle.dumps(np.dtype("f4"))),
        ("datetime", "numpy.dtype", pickle.dumps(np.array(["2020-01-01"], dtype="M8[D]"))),
        ("matrix", "numpy", pickle.dumps(np.ma.masked_array([1, 2], [0, 1]))),
        ("bytes-of-a-size", "bytes of", b"cbuiltins\nbytes\n(K\x09tR."),
        ("complex", "complex", pickle.dumps(1j)),
        ("codec", "_codecs.encode", b"c_codecs\nencode\n(X\x01\x00\x00\x00xX\x05\x00\x00\x00rot13tR."),
        (
            "not-unicode",
            "text",
            array + b"(K\x01(K\x01tcnumpy\ndtype\n(X\x02\x00\x00\x00U1I00\nI01\ntRI00\nC\x04\xff\xff\xff\xfftb.",
        ),
        ("set", "builtins.set", pickle.dumps({1, 2}, protocol=4)),
        ("frozenset", "builtins.frozenset", pickle.dumps([frozenset({1})], protocol=4)),
        ("bytearray", "bytearray", pickle.dumps(bytearray(b"x"), protocol=5)),
        ("ordered-dict", "collections.OrderedDict", b"ccollections\nOrderedDict\n)R."),
        ("class", "pathlib", pickle.dumps(__import__("pathlib").PurePosixPath("x"))),
        ("persistent", "persistent id", b"Pname\n."),
        ("extension", "extension", b"\x82\x01."),
        ("out-of-band", "out-of-band", b"\x80\x05\x97."),
        ("holds-itself", "holds itself", b"]q\x00h\x00a."),
        ("deep", "nested too deep", b"(" + b"]" * 100_000 + b"a" * 99_999 + b"."),
        ("cut-off", "broken", pickle.dumps([1] * 100)[:50]),
        ("empty", "broken", b""),
        ("noise", "broken", b"\x00\x01\x02noise"),
    ]


CASES = hostile("/nonexistent")


@pytest.mark.parametrize("number", range(len(CASES)), ids=[name for name, _, _ in CASES])
@pytest.mark.parametrize("wrapped", [False, True], ids=["pickle", "npz"])
def test_hostile_pickles_are_refused_by_name_and_never_run(number, wrapped, tmp_path):
    marker = str(tmp_path / "marker")
    _, names, data = hostile(marker)[number]
    with pytest.raises(InputError) as refusal:
        load_restricted_npz(npz_with_pickle(tmp_path / "a.npz", data)) if wrapped else loads_restricted(data)
    assert names in str(refusal.value) or (names in ("NEWOBJ", "NEWOBJ_EX") and "NEWOBJ" in str(refusal.value))
    assert "\n" not in str(refusal.value)
    assert not wrapped or str(refusal.value).startswith(str(tmp_path / "a.npz"))
    assert not Path(marker).exists()


def test_stand_ins_are_not_changed_by_what_was_refused():
    for _, _, data in CASES:
        with pytest.raises(InputError):
            loads_restricted(data)
    np.testing.assert_array_equal(loads_restricted(pickle.dumps(np.arange(3))), np.arange(3))


def test_cases_use_the_opcodes_they_are_about():
    used = {op.name for _, _, data in CASES if data for op, _, _ in _ops(data)}
    assert {"REDUCE", "BUILD", "INST", "OBJ", "GLOBAL", "STACK_GLOBAL", "NEWOBJ", "NEWOBJ_EX", "EXT1"} <= used


def _ops(data):
    try:
        yield from pickletools.genops(data)
    except ValueError:
        return


def test_broken_archives_are_one_line(tmp_path):
    whole = npz_with(tmp_path / "a.npz", x=np.array({"a": np.zeros(1000)}, dtype=object))
    data = whole.read_bytes()
    for size in (0, 10, len(data) // 2, len(data) - 5):
        part = tmp_path / "part.npz"
        part.write_bytes(data[:size])
        with pytest.raises(InputError, match=r"part.npz: must be a whole npz file.*get it again"):
            load_restricted_npz(part)
    with pytest.raises(InputError, match="found none"):
        load_restricted_npz(tmp_path / "none.npz")


def test_same_numbers_as_numpy_gives(rng, tmp_path):
    value = {"a": [rng.normal(size=(4, 17, 2)).astype(np.float32) for _ in range(4)]}
    path = npz_with(tmp_path / "a.npz", x=np.array(value, dtype=object))
    with np.load(path, allow_pickle=True) as archive:  # our own file, as the independent reference
        reference = archive["x"].item()
    assert_same(load_restricted_npz(path)["x"], reference)
