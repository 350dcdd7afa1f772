"""A stand-in of the Hugging Face Hub on 127.0.0.1: as much of its HTTP interface as loading and publishing use.

Files are kept as the Hub keeps them: whole trees under commits, to which branches point. Everything is a plain git
file, nothing is stored by LFS or Xet.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Repository:
    branches: dict[str, str] = field(default_factory=dict)
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def commit(self, branch: str, files: dict[str, bytes]) -> str:
        tree = {**self.commits.get(self.branches.get(branch, ""), {}), **files}
        oid = hashlib.sha1(repr(sorted(tree.items())).encode(), usedforsecurity=False).hexdigest()
        self.commits[oid], self.branches[branch] = tree, oid
        return oid


class HubStandIn(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.repositories: dict[str, Repository] = {}
        self.fetched: list[str] = []

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: HubStandIn
    protocol_version = "HTTP/1.1"

    def log_message(self, *words: Any) -> None:
        """Keep quiet."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/(revision|tree)/([^/]+)", path):
            name, what, revision = match.groups()
            oid, tree = self.find(name, revision)
            files = [
                {"type": "file", "path": file, "size": len(data), "oid": blob(data)} for file, data in tree.items()
            ]
            siblings = [{"rfilename": file} for file in tree]
            about = {"id": name, "modelId": name, "sha": oid, "siblings": siblings, "tags": [], "private": False}
            self.answer(about if what == "revision" else files, oid)
        elif match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            name, revision, file = match.groups()
            oid, tree = self.find(name, revision)
            self.server.fetched.append(file)
            self.send(200, tree[file], {"ETag": f'"{blob(tree[file])}"', "X-Repo-Commit": oid})
        else:
            self.send(404, b"{}")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or self.chunks()
        path = self.path.partition("?")[0]
        if path == "/api/repos/create":
            given = json.loads(body)
            name = f"{given.get('organization', 'me')}/{given['name']}"
            self.server.repositories.setdefault(name, Repository()).commit("main", {".gitattributes": b""})
            self.answer({"url": f"{self.server.endpoint}/{name}"})
        elif match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/preupload/([^/]+)", path):
            files = [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                for file in json.loads(body)["files"]
            ]
            self.answer({"files": files})
        elif match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/commit/([^/]+)", path):
            name, branch = match.groups()
            lines = [json.loads(line) for line in body.splitlines()]
            given = {line["value"]["path"]: line["value"]["content"] for line in lines if line["key"] == "file"}
            oid = self.server.repositories[name].commit(branch, {key: base64.b64decode(v) for key, v in given.items()})
            self.answer({"success": True, "commitOid": oid, "commitUrl": f"{self.server.endpoint}/{name}/commit/{oid}"})
        elif path == "/api/validate-yaml":
            self.answer({"errors": [], "warnings": []})
        else:
            self.send(404, b"{}")

    def chunks(self) -> bytes:
        body = b""
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        return body

    def find(self, name: str, revision: str) -> tuple[str, dict[str, bytes]]:
        repository = self.server.repositories.get(name)
        if repository is None:
            self.fail("RepoNotFound")
        oid = repository.branches.get(revision, revision)
        if oid not in repository.commits:
            self.fail("RevisionNotFound")
        return oid, repository.commits[oid]

    def fail(self, code: str) -> None:
        self.send(404, b"{}", {"X-Error-Code": code})
        raise ConnectionAbortedError(code)

    def answer(self, content: Any, oid: str = "") -> None:
        self.send(200, json.dumps(content).encode(), {"Content-Type": "application/json", "X-Repo-Commit": oid})

    def send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def blob(data: bytes) -> str:
    """The name that git gives a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


@contextmanager
def running_hub() -> Iterator[HubStandIn]:
    hub = HubStandIn()
    hub.handle_error = lambda *_: None
    thread = Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
        thread.join()
