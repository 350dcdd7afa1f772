"""``ampose app``: what its server gives away, and what it says to the browser."""

import errno
import http.client
import os
import threading
from importlib.resources import files

import pytest

from ampose.cli import app, main
from ampose.cli.app.server import POLICY, serving


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "secret.txt").write_text("not yours")
    page = tmp_path / "page"
    (page / "networks").mkdir(parents=True)
    (page / "index.html").write_text("<!doctype html>")
    for name in ("main.mjs", "runtime.wasm", "app.webmanifest"):
        (page / name).write_bytes(b"0")
    return page


@pytest.fixture
def ask(folder):
    with serving(folder, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def get(path: str, host: str = "127.0.0.1") -> http.client.HTTPResponse:
            connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
            connection.putrequest("GET", path, skip_host=True)
            connection.putheader("Host", host)
            connection.endheaders()
            return connection.getresponse()

        yield get
        server.shutdown()


def test_the_page_is_isolated_and_fetches_from_nowhere_else(ask):
    answer = ask("/")
    assert answer.status == 200
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert not any(word in policy for word in ("http:", "https:", "*", "'unsafe-inline'", "'unsafe-eval'"))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("main.mjs", "text/javascript"),
        ("runtime.wasm", "application/wasm"),
        ("app.webmanifest", "application/manifest+json"),
    ],
)
def test_files_have_the_types_that_browsers_insist_on(ask, name, kind):
    assert ask(f"/{name}").headers["Content-Type"] == kind


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/%2e%2e/secret.txt", "/networks/../../secret.txt", "/networks/", "/none"]
)
def test_only_its_folder_is_served_and_no_list(ask, path):
    assert ask(path).status == 404


def test_the_detectors_networks_are_the_packages(ask):
    expected = (files("ampose.detectors.blazepose.networks") / "person.onnx").read_bytes()
    assert ask("/networks/person.onnx").read() == expected
    assert ask("/networks/__init__.py").status == 404


def test_another_name_of_this_computer_is_refused(ask):
    assert ask("/", host="localhost:80").status == 200
    assert ask("/", host="elsewhere.example").status == 421


def test_the_page_states_the_same_policy_for_other_servers():
    page = app._IN_CHECKOUT.parent / "app" / "static" / "index.html"
    # A page cannot say itself who may frame it.
    policy = "; ".join(f"{kind} {source}" for kind, source in POLICY.items() if kind != "frame-ancestors")
    assert f'content="{policy}"' in page.read_text(encoding="utf-8")


def test_a_port_that_is_taken_is_one_sentence(folder, monkeypatch, capsys):
    monkeypatch.setattr(app, "_BUILT", folder)
    with serving(folder, 0) as server:
        assert main(["app", "--no-open", "--port", str(server.server_port)]) == 2
    assert f"cannot be served: {os.strerror(errno.EADDRINUSE)}; name another (--port)" in capsys.readouterr().err
    assert main(["app", "--no-open", "--port", "70000"]) == 2
    assert "ports go from 0 to 65535" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("folders", "message"),
    [("web/dist", "not built in this checkout; build it with: make app"), ("lib", "was installed without the app")],
)
def test_without_the_built_app_it_says_how_to_get_it(monkeypatch, tmp_path, capsys, folders, message):
    (tmp_path / folders).mkdir(parents=True)
    monkeypatch.setattr(app, "_BUILT", tmp_path)
    monkeypatch.setattr(app, "_IN_CHECKOUT", tmp_path / "web" / "dist")
    assert main(["app"]) == 2
    assert message in capsys.readouterr().err
