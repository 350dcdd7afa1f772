"""A web server for one folder and this computer alone, whose pages may fetch from nowhere else."""

import sys
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any

from ampose.errors import InputError

HOST = "127.0.0.1"

POLICY = {
    "default-src": "'none'",
    "script-src": "'self' 'wasm-unsafe-eval'",
    "worker-src": "'self'",
    "connect-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' blob:",
    "media-src": "'self' blob:",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
"""Content security policy: everything comes from this server, and WebAssembly may run."""

HEADERS = {
    "Content-Security-Policy": "; ".join(f"{kind} {source}" for kind, source in POLICY.items()),
    # A page that is isolated from other sites may use threads that share memory.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


class _Handler(SimpleHTTPRequestHandler):
    # Not left to the system: on some, .js is text/plain, and a browser then refuses to run it.
    extensions_map = {  # noqa: RUF012 - as in the class above
        "": "application/octet-stream",
        ".css": "text/css",
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript",
        ".json": "application/json",
        ".mjs": "text/javascript",
        ".mp4": "video/mp4",
        ".svg": "image/svg+xml",
        ".png": "image/png",
        ".wasm": "application/wasm",
        ".webmanifest": "application/manifest+json",
    }

    def translate_path(self, path: str) -> str:
        """Return the file; the detector's networks are those of the package, where the folder has none of its own."""
        place = super().translate_path(path)
        for network in ("person.onnx", "landmarks.onnx"):
            if Path(place) == Path(self.directory, "networks", network) and not Path(place).is_file():
                return str(files("ampose.detectors.blazepose.networks") / network)
        return place

    def send_head(self) -> Any:
        """Refuse other names of this computer, by which a page of another site could ask, and lists of folders."""
        if self.headers.get("Host", "").partition(":")[0] not in (HOST, "localhost"):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return None
        return super().send_head()

    def list_directory(self, path: Any) -> None:
        """Show no folder."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        """Send what keeps the page to itself with every answer."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as in the class above
        """Say nothing of single requests."""


class _Server(ThreadingHTTPServer):
    allow_reuse_address = sys.platform != "win32"  # there it would let two programs have one port


def serving(folder: Path, port: int) -> ThreadingHTTPServer:
    """Return a server of a folder; ``serve_forever`` starts it.

    Args:
        folder: Nothing outside of it is served, but for the detector's networks.
        port: 0: any that is free.

    Raises:
        InputError: The port is taken, is for the system alone, or is none.
    """
    try:
        return _Server((HOST, port), partial(_Handler, directory=str(folder.resolve())))
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else "ports go from 0 to 65535"
        raise InputError(f"port {port} cannot be served: {reason}; name another", field="port") from error
