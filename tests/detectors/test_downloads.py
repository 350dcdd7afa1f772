"""Weights are fetched whole, checked bit for bit, and fetched once."""

import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ampose.detectors.downloads import WeightsFile, fetched
from ampose.errors import InputError

CONTENT = b"weights" * 1000


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def address(tmp_path) -> Iterator[tuple[str, Path]]:
    """A server of this machine, and its folder."""
    folder = tmp_path / "served"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()
    server.server_close()
    thread.join()


def weights(url: str, **changes: object) -> WeightsFile:
    facts = {"name": "a.onnx", "url": f"{url}/a.zip", "member": "end2end.onnx", "size": len(CONTENT), "licence": "MIT"}
    return WeightsFile(**{**facts, "sha256": hashlib.sha256(CONTENT).hexdigest(), **changes})


def zipped(member: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(member, content)
    return stream.getvalue()


def test_fetched_once_and_checked(address, tmp_path, monkeypatch, caplog):
    url, folder = address
    monkeypatch.setenv("AMPOSE_CACHE", str(tmp_path / "cache"))
    (folder / "a.zip").write_bytes(zipped("20230605/model/end2end.onnx", CONTENT))
    path = fetched(weights(url))
    assert path.read_bytes() == CONTENT
    assert [file.name for file in path.parent.iterdir()] == ["a.onnx"]
    (folder / "a.zip").unlink()
    assert fetched(weights(url)) == path
    assert len(caplog.records) == 1, "said once, for it is fetched once"
    path.write_bytes(CONTENT[:-1] + b"?")
    with pytest.raises(InputError, match=r"a\.onnx: must be a\.onnx with SHA-256 .* delete it and run again"):
        fetched(weights(url))


@pytest.mark.parametrize(
    ("served", "message"),
    [
        (zipped("end2end.onnx", CONTENT[:-7] + b"poison!"), "must be a.onnx with SHA-256"),
        (zipped("end2end.onnx", CONTENT * 2), "an archive without end2end.onnx of 7000 bytes"),
        (zipped("other.onnx", CONTENT), "an archive without end2end.onnx"),
        (b"<html>no such page</html>", "must be fetched from"),
        (None, "must be fetched from .* got: File not found"),
    ],
)
def test_what_is_not_right_is_refused_and_leaves_nothing(address, tmp_path, monkeypatch, served, message):
    url, folder = address
    monkeypatch.setenv("AMPOSE_CACHE", str(tmp_path / "cache"))
    if served is not None:
        (folder / "a.zip").write_bytes(served)
    with pytest.raises(InputError, match=message):
        fetched(weights(url))
    assert list((tmp_path / "cache" / "detectors").iterdir()) == []
