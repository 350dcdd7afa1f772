"""The wheel carries the app of `ampose app` if `make app` has built it; without node, it is built without."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

IN_PACKAGE = ("networks/person.onnx", "networks/landmarks.onnx")  # the detector's own files are served


class AppHook(BuildHookInterface):  # type: ignore[misc]
    """Put web/dist into the package."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name each file of the app, and where it goes."""
        if version == "editable":  # a checkout has web/dist itself
            return
        built = Path(self.root) / "web" / "dist"
        for file in built.rglob("*"):
            name = file.relative_to(built).as_posix()
            if file.is_file() and name not in IN_PACKAGE:
                build_data["force_include"][str(file)] = f"ampose/cli/app/page/{name}"
