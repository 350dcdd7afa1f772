"""``.glb`` and ``.gltf`` (glTF 2.0): a skinned figure that moves, for Unity, Blender, three.js and viewers; write only.

Axes: X to the body's left at rest, Y up, Z to the front, as glTF prescribes. Units: metres, seconds. Rest pose: T-pose.
One person a file. A ``.gltf`` holds its numbers in itself (base64). The sides have the colours of our pictures: left
orange, right blue.

Bones keep their median length over the clip, and the last pose is held over missing frames: see
``ampose.processing.kinematics``.
Source: https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from ampose.drawing.projection import SIDE_COLOURS
from ampose.files.poses.axes import from_camera
from ampose.files.poses.pose_format import formats
from ampose.poses.people import Person
from ampose.poses.skeletons import Skeleton
from ampose.processing.kinematics import PIVOT, Rig, RiggedMotion, shortest_arc, solve

_UP = "y"
_NUMBERS = {"float32": 5126, "uint8": 5121, "uint16": 5123}
_VERTICES = 34962
_KINDS = {1: "SCALAR", 3: "VEC3", 4: "VEC4", 16: "MAT4"}


class _Document:
    """A glTF document under construction."""

    def __init__(self) -> None:
        self.content: dict[str, Any] = {"accessors": [], "bufferViews": []}
        self.bytes = bytearray()

    def add(self, values: np.ndarray, *, bounds: bool = False, vertices: bool = False) -> int:
        """Put an array into the buffer; returns its accessor's number."""
        flat = values.reshape(len(values), -1)
        view: dict[str, Any] = {"buffer": 0, "byteOffset": len(self.bytes), "byteLength": values.nbytes}
        self.content["bufferViews"].append(view | ({"target": _VERTICES} if vertices else {}))
        self.bytes += values.tobytes()
        accessor: dict[str, Any] = {
            "bufferView": len(self.content["bufferViews"]) - 1,
            "componentType": _NUMBERS[values.dtype.name],
            "count": len(values),
            "type": _KINDS[flat.shape[1]],
        }
        if bounds:
            accessor |= {"min": flat.min(axis=0).tolist(), "max": flat.max(axis=0).tolist()}
        self.content["accessors"].append(accessor)
        return len(self.content["accessors"]) - 1


@formats.register(".glb", up=_UP, carries=("skeleton", "times"))
class GlbFile:
    """One person as a binary glTF file."""

    def write(self, path: Path, people: Sequence[Person]) -> None:
        """Write the figure and its motion, the numbers as a chunk of their own."""
        _file_of(people[0]).save_binary(path)


@formats.register(".gltf", up=_UP, carries=("skeleton", "times"))
class GltfFile:
    """One person as a glTF file of text."""

    def write(self, path: Path, people: Sequence[Person]) -> None:
        """Write the figure and its motion, the numbers as base64 in the text."""
        import pygltflib  # noqa: PLC0415 - a tenth of a second, for this format alone

        file = _file_of(people[0])
        file.convert_buffers(pygltflib.BufferFormat.DATAURI)
        path.write_text(file.gltf_to_json(separators=(",", ":"), indent=None), encoding="utf-8")


def _file_of(person: Person) -> Any:
    import pygltflib  # noqa: PLC0415 - a tenth of a second, for these two formats alone

    document = _document(person)
    file = pygltflib.GLTF2.from_dict({**document.content, "buffers": [{"byteLength": len(document.bytes)}]})
    file.set_binary_blob(bytes(document.bytes))
    return file


def _document(person: Person) -> _Document:
    pose = person.pose3d
    motion = solve(from_camera(pose.positions, _UP), pose.skeleton, pose.mean_rate or 1.0)
    seconds = np.zeros(1) if pose.seconds is None else pose.seconds - pose.seconds[0]
    rig, document = motion.rig, _Document()
    places = np.zeros_like(rig.offsets)  # where the joints are at rest
    for at, parent in enumerate(rig.parents):
        places[at] = rig.offsets[at] + (places[parent] if parent >= 0 else 0)
    inverse_binds = np.tile(np.eye(4, dtype=np.float32), (len(places), 1, 1))
    inverse_binds[:, 3, :3] = -places  # column by column: this is the fourth column
    nodes: list[dict[str, Any]] = [
        {"name": name, "translation": rig.offsets[at].tolist()} | ({"children": list(below)} if below else {})
        for at, (name, below) in enumerate(zip(rig.names, rig.children, strict=True))
    ]
    figure = {"name": "figure", "mesh": 0, "skin": 0}
    materials = []
    for side, colour in SIDE_COLOURS.items():
        linear = [((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour]  # from sRGB, as glTF wants it
        surface = {"baseColorFactor": [*linear, 1.0], "metallicFactor": 0.0, "roughnessFactor": 0.7}
        materials.append({"name": side, "pbrMetallicRoughness": surface})
    document.content |= {
        "asset": {"version": "2.0", "generator": "ampose"},
        "scene": 0,
        "scenes": [{"nodes": [0, len(nodes)]}],
        "nodes": [*nodes, figure],
        "materials": materials,
        "meshes": [{"name": "bones", "primitives": _primitives(document, rig, places, pose.skeleton)}],
        "skins": [
            {"joints": list(range(len(nodes))), "skeleton": 0, "inverseBindMatrices": document.add(inverse_binds)}
        ],
        "animations": [_animation(document, motion, seconds)],
    }
    return document


def _primitives(
    document: _Document, rig: Rig, places: Float[np.ndarray, "joint 3"], skeleton: Skeleton
) -> list[dict[str, Any]]:
    """Return an octahedron along each bone, by side; each moves with the joint at which it begins."""
    primitives = []
    for number, side in enumerate(SIDE_COLOURS):
        bones = [
            at
            for at, (name, parent) in enumerate(zip(rig.names, rig.parents, strict=True))
            if parent >= 0
            and not name.endswith(PIVOT)
            and skeleton.side_of(name) == side
            and np.linalg.norm(rig.offsets[at]) > 1e-6
        ]
        if not bones:
            continue
        corners = np.concatenate([_octahedron(places[rig.parents[at]], rig.offsets[at]) for at in bones])
        triangles = corners.reshape(-1, 3, 3)  # (triangle, corner, xyz)
        normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
        normals = np.repeat(normals / np.linalg.norm(normals, axis=1, keepdims=True), 3, axis=0)
        # Of four joints that may move a corner, one does.
        joints = np.zeros((len(corners), 4), dtype=np.min_scalar_type(len(rig.names) - 1))
        joints[:, 0] = np.repeat([rig.parents[at] for at in bones], len(corners) // len(bones))
        weights = np.tile(np.array([1, 0, 0, 0], dtype=np.float32), (len(corners), 1))
        attributes = {
            "POSITION": document.add(corners.astype(np.float32), bounds=True, vertices=True),
            "NORMAL": document.add(normals.astype(np.float32), vertices=True),
            "JOINTS_0": document.add(joints, vertices=True),
            "WEIGHTS_0": document.add(weights, vertices=True),
        }
        primitives.append({"attributes": attributes, "material": number})
    return primitives


def _octahedron(start: Float[np.ndarray, "3"], bone: Float[np.ndarray, "3"]) -> Float[np.ndarray, "corner 3"]:
    """Return the corners of eight triangles, seen from outside against the clock; widest at a fifth of the bone."""
    length = np.linalg.norm(bone)
    ring = 0.1 * length * np.array([[1, 0, 0], [0, 0, -1], [-1, 0, 0], [0, 0, 1]]) + [0, 0.2 * length, 0]
    foot, tip = np.zeros(3), np.array([0, length, 0])
    pairs = [(ring[at], ring[(at + 1) % 4]) for at in range(4)]
    corners = [corner for a, b in pairs for corner in (a, b, tip, b, a, foot)]
    return np.array(corners) @ shortest_arc(np.array([0.0, 1.0, 0.0]), bone / length).T + start


def _animation(document: _Document, motion: RiggedMotion, seconds: Float[np.ndarray, " frame"]) -> dict[str, Any]:
    """Return the root's path and all joints' rotations, at the frames' own times."""
    from scipy.spatial.transform import Rotation  # noqa: PLC0415  # loads when it is needed

    times = document.add(seconds.astype(np.float32), bounds=True)
    outputs = [(0, "translation", document.add(motion.root.astype(np.float32)))]
    # Quaternions x, y, z, w. Both q and -q are one rotation: over time the sign is kept, as players interpolate.
    rotations = motion.rotations  # (frame, joint, 3, 3)
    unit = Rotation.from_matrix(rotations.reshape(-1, 3, 3)).as_quat().reshape(*rotations.shape[:2], 4)
    flips = np.where((unit[1:] * unit[:-1]).sum(axis=-1, keepdims=True) < 0, -1.0, 1.0)
    unit[1:] *= np.cumprod(flips, axis=0)
    for at, turns in enumerate(np.moveaxis(unit, 1, 0)):
        outputs.append((at, "rotation", document.add(np.ascontiguousarray(turns, dtype=np.float32))))
    return {
        "name": "motion",
        "samplers": [{"input": times, "output": output, "interpolation": "LINEAR"} for _, _, output in outputs],
        "channels": [
            {"sampler": number, "target": {"node": node, "path": path}}
            for number, (node, path, _) in enumerate(outputs)
        ],
    }
