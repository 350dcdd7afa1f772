"""Serve the app that lifts a camera or a video in the browser."""

import webbrowser
from pathlib import Path

from ampose.errors import InputError

_BUILT = Path(__file__).parent / "page"
"""In a wheel."""

_IN_CHECKOUT = Path(__file__).parents[4] / "web" / "dist"


def run(*, port: int = 8017, open: bool = True) -> None:  # noqa: A002 - the name of the option
    """Serve the app that lifts a camera or a video in the browser.

    Camera and video stay on this computer: the page runs the networks itself, and nothing is uploaded or fetched from
    anywhere else. Stop with Ctrl-C.

    Args:
        port: On which port of this computer (127.0.0.1) to serve.
        open: Open the app in the browser.
    """
    from ampose.cli.app.server import serving

    folder = next((folder for folder in (_BUILT, _IN_CHECKOUT) if (folder / "index.html").is_file()), None)
    if folder is None:
        if _IN_CHECKOUT.parent.is_dir():
            raise InputError("the app is not built in this checkout; build it with: make app (needs node 18 or newer)")
        raise InputError(
            "this ampose was installed without the app; install a wheel that was built after: make app (in a checkout)"
        )
    with serving(folder, port) as server:
        address = f"http://127.0.0.1:{server.server_port}/"
        print(f"{address}  (Ctrl-C stops it)", flush=True)
        if open:
            webbrowser.open(address)
        server.serve_forever()
