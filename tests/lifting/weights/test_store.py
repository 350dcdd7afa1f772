"""Weights folders: what is written is read back, and what is damaged is refused with its file's name."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ampose.errors import InputError
from ampose.lifting.weights import bundled_weights, find_weights, load_weights, save_weights
from ampose.models import LifterNetwork, create_model
from ampose.poses.skeletons import Skeleton, register_skeleton

SMALL = {"depth": 1, "channels": 16, "heads": 2}


def network(seed: int = 0, **overrides: Any) -> LifterNetwork:
    torch.manual_seed(seed)
    return create_model("ampose-small", **SMALL, **overrides)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_weights(tmp_path / "weights", "ampose-small", network(), {"data": "none"})
    return tmp_path / "weights"


def assert_same_weights(first: LifterNetwork, second: LifterNetwork) -> None:
    one, other = first.state_dict(), second.state_dict()
    assert one.keys() == other.keys()
    assert all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize(
    "overrides",
    [{}, {"norm": "batch", "normalisation": "person-rays"}, {"skeleton": "human36m_16", "position": "per-layer"}],
    ids=["default", "batch norm and rays", "16 joints"],
)
def test_a_network_comes_back_bit_for_bit(tmp_path: Path, overrides: dict[str, Any]) -> None:
    saved = network(**overrides)
    digest = save_weights(tmp_path / "new" / "folder", "ampose-small", saved, {"mpjpe_mm": 33.7})
    loaded = load_weights(tmp_path / "new" / "folder")
    assert_same_weights(loaded.network, saved)
    assert loaded.network.config == saved.config
    assert (loaded.name, loaded.sha256, loaded.facts) == ("ampose-small", digest, {"mpjpe_mm": 33.7})
    assert not loaded.network.training
    content = (tmp_path / "new" / "folder" / "model.safetensors").read_bytes()
    assert digest == hashlib.sha256(content).hexdigest()


def test_half_the_size_with_numbers_of_16_bits(folder: Path, tmp_path: Path) -> None:
    """Networks are of 32 bits again when read; integers (BatchNorm's counter) stay what they are."""
    saved = network(norm="batch")
    for half, name in ((False, "whole"), (True, "half")):
        save_weights(tmp_path / name, "ampose-small", saved, half=half)
    sizes = [(tmp_path / name / "model.safetensors").stat().st_size for name in ("half", "whole")]
    assert sizes[0] < 0.7 * sizes[1]
    state, expected = load_weights(tmp_path / "half").network.state_dict(), saved.state_dict()
    for key, value in expected.items():
        rounded = value.half().float() if value.is_floating_point() else value
        assert state[key].dtype == value.dtype
        assert torch.equal(state[key], rounded), key


def test_equal_networks_have_equal_hashes_and_others_others(tmp_path: Path) -> None:
    hashes = [save_weights(tmp_path / str(i), "ampose-small", network(seed)) for i, seed in enumerate((0, 0, 1))]
    assert hashes[0] == hashes[1] != hashes[2]


def test_saving_again_replaces_the_weights_and_leaves_no_other_file(folder: Path) -> None:
    save_weights(folder, "ampose-small", network(seed=1))
    assert_same_weights(load_weights(folder).network, network(seed=1))
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]


@pytest.mark.parametrize("failing", [1, 2], ids=["tensors", "config"])
def test_a_failing_write_leaves_the_old_weights_loadable(
    folder: Path, failing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk shows when the bytes are flushed to it: at the first file, or at the second."""
    calls = 0

    def full_disk(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == failing:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("ampose.atomic.os.fsync", full_disk)
    with pytest.raises(InputError, match="must fit on the disk, got: No space left"):
        save_weights(folder, "ampose-small", network(seed=1))
    assert_same_weights(load_weights(folder).network, network(seed=0))
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]


def test_facts_that_are_no_json_leave_the_old_weights_loadable(folder: Path) -> None:
    with pytest.raises(TypeError):
        save_weights(folder, "ampose-small", network(seed=1), {"where": object()})
    assert_same_weights(load_weights(folder).network, network(seed=0))


def test_new_tensors_beside_an_old_config_are_noticed(folder: Path, tmp_path: Path) -> None:
    save_weights(tmp_path / "other", "ampose-small", network(seed=1))
    (tmp_path / "other" / "model.safetensors").replace(folder / "model.safetensors")
    with pytest.raises(InputError, match=r"model\.safetensors must have the hash"):
        load_weights(folder)


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-5] ^= 0x10
    path.write_bytes(content)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        pytest.param(flip_a_byte, "must have the hash that config.json states, got .* it is damaged", id="byte"),
        pytest.param(cut_short, "must have the hash", id="cut"),
        pytest.param(lambda path: path.write_bytes(b""), "must have the hash", id="empty"),
        pytest.param(Path.unlink, "must hold the weights, got no such file; copy the whole folder", id="missing"),
    ],
)
def test_damaged_tensors_are_refused(folder: Path, damage: Callable[[Path], None], message: str) -> None:
    tensors = folder / "model.safetensors"
    damage(tensors)
    with pytest.raises(InputError, match=message) as caught:
        load_weights(folder)
    assert str(tensors) in str(caught.value)


def replace_tensors(folder: Path, content: bytes) -> None:
    """Put other bytes there, with a config that states their hash."""
    (folder / "model.safetensors").write_bytes(content)
    change_config(folder, sha256=hashlib.sha256(content).hexdigest())


def change_config(folder: Path, **changes: Any) -> None:
    """Change keys of config.json; a change to ``DROP`` takes the key away."""
    config = folder / "config.json"
    meta = {**json.loads(config.read_text()), **changes}
    config.write_text(json.dumps({key: value for key, value in meta.items() if value != DROP}))


DROP = "drop this key"


@pytest.mark.parametrize("kind", ["another network", "no safetensors"])
def test_tensors_that_do_not_fit_the_config_are_refused(folder: Path, kind: str, tmp_path: Path) -> None:
    save_weights(tmp_path / "deep", "ampose-small", create_model("ampose-small", depth=2, channels=16, heads=2))
    deep = (tmp_path / "deep" / "model.safetensors").read_bytes()
    replace_tensors(folder, deep if kind == "another network" else b"PK\x03\x04 a pickle, perhaps")
    with pytest.raises(InputError, match=r"model\.safetensors: must be of the network") as caught:
        load_weights(folder)
    assert "\n" not in str(caught.value)


CONFIG = {"channels": 16, "depth": 1, "heads": 2}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"sha256": DROP}, "must describe weights, got no sha256", id="no hash"),
        pytest.param({"model": DROP, "config": DROP}, "got no model, config", id="two keys missing"),
        pytest.param({"format": "other"}, "format must be ampose.weights, got other", id="other format"),
        pytest.param({"version": 2}, "version of ampose.weights must be 1, got 2", id="newer version"),
        pytest.param({"model": "ampose-tiny"}, "model must be a known name, got 'ampose-tiny'; did", id="model"),
        pytest.param({"model": ["ampose"]}, "model must be a string", id="model is a list"),
        pytest.param({"model": None}, "model must be a string", id="model is nothing"),
        pytest.param({"sha256": 5}, "sha256 must be a string", id="hash is a number"),
        pytest.param({"facts": "none"}, "facts must be a mapping", id="facts are a string"),
        pytest.param({"config": {**CONFIG, "width": 3}}, r"config\.width", id="unknown setting"),
        pytest.param({"config": {**CONFIG, "channels": "wide"}}, r"config\.channels", id="setting of a wrong type"),
        pytest.param({"config": {**CONFIG, "channels": 17}}, "channels must be a multiple of heads", id="range"),
        pytest.param({"config": {**CONFIG, "block": "theirs"}}, r"config\.block", id="unknown block"),
        pytest.param({"config": 5}, "config", id="config is a number"),
        pytest.param(
            {"config": {**CONFIG, "normalisation": "by-hand"}}, "normalisation must be a known name", id="way"
        ),
        pytest.param({"config": {**CONFIG, "skeleton": "coco_17"}}, "skeleton must be coco_17", id="other skeleton"),
        pytest.param({"skeleton": "human36m_17"}, "skeleton must be a mapping", id="skeleton is a name"),
        pytest.param({"skeleton": {"name": "x"}}, "skeleton must", id="skeleton without joints"),
        pytest.param({"skeleton": {"name": "x", "parents": {"a": "b", "b": "a"}}}, "exactly one root", id="no tree"),
        pytest.param(
            {"skeleton": {"name": "human36m_17", "parents": {"hip": None}}},
            "human36m_17 must be defined once",
            id="known name, other joints",
        ),
    ],
)
def test_a_wrong_config_is_refused(folder: Path, changes: dict[str, Any], message: str) -> None:
    change_config(folder, **changes)
    with pytest.raises(InputError, match=message) as caught:
        load_weights(folder)
    assert str(folder / "config.json") in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b"{}"],
    ids=["empty", "cut", "list", "null", "not text", "no keys"],
)
def test_a_config_that_is_no_json_object_is_refused(folder: Path, content: bytes) -> None:
    (folder / "config.json").write_bytes(content)
    with pytest.raises(InputError, match=r"config\.json:? (must be a JSON|format must be)"):
        load_weights(folder)


def test_a_skeleton_of_the_trainer_s_own_travels_with_the_weights(tmp_path: Path) -> None:
    """Another process knows only what the folder says: here, the same folder with the name changed."""
    parents = {"pelvis": None, "left": "pelvis", "right": "pelvis"}
    register_skeleton(Skeleton("test_three", parents, [("left", "right")]))
    save_weights(tmp_path, "ampose-small", network(skeleton="test_three"))
    text = (tmp_path / "config.json").read_text()
    (tmp_path / "config.json").write_text(text.replace("test_three", "test_three_elsewhere"))
    config = load_weights(tmp_path).network.config
    from ampose.poses.skeletons import get_skeleton

    found = get_skeleton(config.skeleton)
    assert found == Skeleton("test_three_elsewhere", parents, [("left", "right")])


def test_a_config_that_was_refused_teaches_no_skeleton(folder: Path) -> None:
    skeleton = {"name": "test_refused", "parents": {"a": None}}
    change_config(folder, skeleton=skeleton, model="nonsense")
    with pytest.raises(InputError):
        load_weights(folder)
    from ampose.poses.skeletons import list_skeletons

    assert "test_refused" not in list_skeletons()


def test_a_folder_is_found_by_its_path(folder: Path) -> None:
    assert find_weights(folder) == folder
    assert find_weights(str(folder)) == folder


@pytest.mark.parametrize("name", ["no-such-weights", "", "config.json"])
def test_what_is_neither_name_nor_folder_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"weights must be a name \(.*\) or a folder with config.json, got"):
        find_weights(name)


def test_the_weights_that_come_with_the_package_are_whole() -> None:
    """True of an empty list too; with weights in the package, each is read."""
    for name, place in bundled_weights().items():
        assert place.name == name
        assert find_weights(name) == place
        assert load_weights(name).sha256


def test_nested_json_is_refused(folder: Path) -> None:
    (folder / "config.json").write_text("[" * 200_000)
    with pytest.raises(InputError, match=r"config.json: must be a JSON file, got"):
        load_weights(folder)
