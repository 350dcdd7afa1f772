"""Weights to and from a stand-in of the Hugging Face Hub."""

import json
import logging
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.lifting.weights.hub_stand_in import HubStandIn, running_hub

import ampose
from ampose.cli import main
from ampose.errors import InputError, MissingExtraError
from ampose.lifting.weights import load_weights, save_weights
from ampose.models import create_model

huggingface_hub = pytest.importorskip("huggingface_hub")
constants = pytest.importorskip("huggingface_hub.constants")
REPOSITORY = "my-lab/squat-lifter"
FACTS = {"validation_mpjpe_mm": 41.26, "data": "squats", "licence": "CC-BY-4.0", "packages": {"torch": "2"}}


def reach(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What HF_ENDPOINT does, which is read at import only."""
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}")


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubStandIn]:
    for name in ("HF_HUB_DISABLE_PROGRESS_BARS", "HF_HUB_DISABLE_XET"):
        monkeypatch.setattr(constants, name, True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.setenv("HF_TOKEN", "hf_stand_in")
    with running_hub() as hub:
        reach(hub.endpoint, monkeypatch)
        yield hub


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    network = create_model("ampose-small", depth=1, channels=16, heads=2)
    save_weights(tmp_path / "trained", "ampose-small", network, FACTS)
    return tmp_path / "trained"


@pytest.fixture
def reference(hub: HubStandIn, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Published weights, by commit."""
    assert main(["push", str(folder), REPOSITORY]) == 0
    address, line = capsys.readouterr().out.splitlines()
    reference, _, sha256 = line.partition("  sha256 ")
    assert sha256 == load_weights(folder).sha256
    assert address.startswith(f"{hub.endpoint}/{REPOSITORY}/commit/")
    return reference


def stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """No network: nothing listens at the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        reach(f"http://127.0.0.1:{free.getsockname()[1]}", monkeypatch)


def test_what_is_pushed_is_what_the_hub_expects(hub: HubStandIn, reference: str, folder: Path) -> None:
    assert reference.startswith(f"hf://{REPOSITORY}@")
    files = hub.repositories[REPOSITORY].commits[reference.partition("@")[2]]
    assert set(files) == {".gitattributes", "README.md", "config.json", "model.safetensors"}
    assert files["model.safetensors"] == (folder / "model.safetensors").read_bytes()
    card = huggingface_hub.ModelCard(files["README.md"].decode())
    card.validate()
    assert (card.data.license, card.data.library_name) == ("cc-by-4.0", "ampose")
    assert card.data.pipeline_tag == "keypoint-detection"
    (result,) = card.data.eval_results
    assert (result.metric_name, result.metric_value) == ("MPJPE, mm", 41.3)
    assert f'load_model("hf://{REPOSITORY}")' in card.text
    assert "| data | squats |" in card.text


def test_a_commit_is_loaded_again_without_a_network(
    hub: HubStandIn, reference: str, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lifter = ampose.load_model(reference)
    assert lifter.weights_hash == load_weights(folder).sha256
    stop(monkeypatch)
    with caplog.at_level(logging.WARNING, "ampose"):
        again = ampose.load_model(reference)
    assert caplog.messages == []
    pose = again.lift(np.full((1, 17, 2), 500.0), image_size=(1000, 1000), skeleton="coco_17")
    assert pose.provenance["weights_source"] == reference
    assert pose.provenance["weights"] == lifter.weights_hash[:12]


def test_without_a_revision_the_commit_is_stated(
    hub: HubStandIn, reference: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    commit = reference.partition("@")[2]
    with caplog.at_level(logging.WARNING, "ampose"):
        lifter = ampose.load_model(f"hf://{REPOSITORY}")
        stop(monkeypatch)
        ampose.load_model(f"hf://{REPOSITORY}")
    online, offline = caplog.messages
    assert online == f"hf://{REPOSITORY} is commit {commit}; name it to have the same weights again"
    assert offline == f"hf://{REPOSITORY}: the Hub cannot be reached (ConnectError); from the cache: {commit}"
    assert lifter.facts["source"] == reference


def test_nothing_but_the_weights_folder_is_fetched(hub: HubStandIn, reference: str) -> None:
    oid = hub.repositories[REPOSITORY].commit("main", {"pytorch_model.bin": b"pickle", "train.py": b"import os"})
    load_weights(f"hf://{REPOSITORY}@{oid}")
    assert set(hub.fetched) == {"config.json", "model.safetensors", "README.md"}


def test_tensors_that_are_not_the_config_s_are_refused(hub: HubStandIn, reference: str) -> None:
    oid = hub.repositories[REPOSITORY].commit("main", {"model.safetensors": b"something else"})
    with pytest.raises(InputError, match=r"model\.safetensors must have the hash that config\.json states"):
        load_weights(f"hf://{REPOSITORY}@{oid}")


def test_a_repository_without_weights_is_refused(hub: HubStandIn, reference: str) -> None:
    hub.repositories["my-lab/empty"] = hub.repositories[REPOSITORY].__class__()
    oid = hub.repositories["my-lab/empty"].commit("main", {"README.md": b"# nothing"})
    with pytest.raises(InputError, match=r"config\.json"):
        load_weights(f"hf://my-lab/empty@{oid}")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("hf://nobody", "weights on the Hub must be hf://owner/name@revision, got 'hf://nobody'"),
        ("hf://my-lab/nothing", "the Hub has no such repository or revision that you may read"),
        (f"hf://{REPOSITORY}@v9", "the Hub has no such repository or revision that you may read"),
        (f"hf://{REPOSITORY}@{'0' * 40}", "the Hub has no such repository or revision that you may read"),
        ("hf://a--b/c..d@main", "the Hub has no such repository or revision that you may read"),
    ],
)
def test_what_is_not_there_is_refused(hub: HubStandIn, reference: str, name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_weights(name)


@pytest.mark.parametrize("revision", ["main", "1" * 40], ids=["branch", "commit"])
def test_without_network_and_cache_one_line_says_so(
    hub: HubStandIn, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], revision: str
) -> None:
    stop(monkeypatch)
    assert main(["export", "onnx", f"hf://{REPOSITORY}@{revision}"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "the Hub cannot be reached (" in line
    assert "the cache does not have it; connect to the network once, or name a folder" in line


def test_pushing_without_network_says_so_in_one_line(
    hub: HubStandIn, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stop(monkeypatch)
    assert main(["push", str(folder), REPOSITORY]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"ampose: error: {REPOSITORY}: must be published on the Hub, got: ")


def test_a_licence_must_be_known(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = json.loads((folder / "config.json").read_text())
    del config["facts"]["licence"]
    (folder / "config.json").write_text(json.dumps(config))
    assert main(["push", str(folder), REPOSITORY]) == 2
    assert "licence must be given: the training recorded none (--licence)" in capsys.readouterr().err


def test_the_card_of_the_bundled_weights_fits_the_hub(tmp_path: Path) -> None:
    path = tmp_path / "card.md"
    assert main(["push", "ampose-small", "me/ampose-small", "--preview", str(path)]) == 0
    card = huggingface_hub.ModelCard(path.read_text(encoding="utf-8"))
    assert card.data.license == "apache-2.0"
    assert card.text.lstrip().startswith("# ampose-small\n")
    assert "](../" not in card.text
    assert "NSF EIA-0196217" in card.text


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'ampose\[hub\]'"):
        load_weights("hf://my-lab/squat-lifter")
