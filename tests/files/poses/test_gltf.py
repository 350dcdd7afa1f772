from pathlib import Path

import numpy as np
import pygltflib
import pytest
from scipy.spatial.transform import Rotation
from tests.constant_lengths import constant_length_positions

from ampose.files import poses as formats
from ampose.files.poses.axes import from_camera
from ampose.poses.pose import Pose3D
from ampose.poses.skeletons import Skeleton

LIFTED = Path(__file__).parents[3] / "examples" / "balance_beam.npz"
TYPES = {5126: np.float32, 5121: np.uint8, 5123: np.uint16}
WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}


@pytest.fixture(params=["a.glb", "a.gltf"])
def document(request, tmp_path):
    formats.write(tmp_path / request.param, formats.read(LIFTED)[0])
    return pygltflib.GLTF2().load(str(tmp_path / request.param))


def array(document, number: int) -> np.ndarray:
    accessor = document.accessors[number]
    view, buffer = document.bufferViews[accessor.bufferView], document.buffers[0]
    data = document.get_data_from_buffer_uri(buffer.uri) if buffer.uri else document.binary_blob()
    flat = np.frombuffer(data[view.byteOffset : view.byteOffset + view.byteLength], TYPES[accessor.componentType])
    return flat.reshape(accessor.count, WIDTHS[accessor.type])


def test_independent_reader_finds_the_same_places_and_times(document):
    pose = formats.read(LIFTED)[0].pose3d
    nodes, animation = document.nodes, document.animations[0]
    paths = {(c.target.node, c.target.path): animation.samplers[c.sampler] for c in animation.channels}
    times = array(document, paths[0, "translation"].input)[:, 0]
    np.testing.assert_allclose(times, np.arange(len(pose)) / pose.fps, rtol=0, atol=1e-3)
    places = {0: array(document, paths[0, "translation"].output).astype(float)}
    turns = {0: Rotation.from_quat(array(document, paths[0, "rotation"].output))}
    for number, node in enumerate(nodes):
        for child in node.children or []:
            places[child] = places[number] + turns[number].apply(nodes[child].translation)
            turns[child] = turns[number] * Rotation.from_quat(array(document, paths[child, "rotation"].output))
    names = [node.name for node in nodes]
    found = np.stack([places[names.index(joint)] for joint in pose.skeleton.joints], axis=1)
    expected = constant_length_positions(from_camera(pose.positions, "y"), pose.skeleton)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3)


def test_neighbouring_quaternions_have_the_same_sign(document):
    for channel in document.animations[0].channels:
        if channel.target.path == "rotation":
            turns = array(document, document.animations[0].samplers[channel.sampler].output)
            assert ((turns[1:] * turns[:-1]).sum(axis=1) > 0).all()


def test_figure_is_as_large_as_the_body_and_faces_outwards(document):
    primitives = document.meshes[0].primitives
    assert [document.materials[p.material].name for p in primitives] == ["left", "right", "middle"]
    for primitive in primitives:
        corners = array(document, primitive.attributes.POSITION).reshape(-1, 24, 3)
        normals = array(document, primitive.attributes.NORMAL).reshape(-1, 24, 3)
        outwards = corners - corners.mean(axis=1, keepdims=True)
        assert ((outwards * normals).sum(axis=2) > 0).all()
        assert np.ptp(corners.reshape(-1, 3), axis=0).max() < 2.2


@pytest.mark.parametrize(("count", "number"), [(255, np.uint8), (300, np.uint16)])
def test_every_bone_moves_with_its_own_joint_however_many_there_are(tmp_path: Path, count: int, number: type) -> None:
    names = [f"j{at}" for at in range(count)]
    skeleton = Skeleton("chain", dict(zip(names, [None, *names], strict=False)))
    steps = np.random.default_rng(0).uniform(0.01, 0.02, (2, count, 3))
    positions = np.cumsum(steps, axis=1).astype(np.float32)
    pose = Pose3D(positions=positions, confidence=np.ones((2, count), np.float32), skeleton=skeleton, fps=30.0)
    formats.write(tmp_path / "a.glb", pose)
    document = pygltflib.GLTF2().load(str(tmp_path / "a.glb"))
    (primitive,) = document.meshes[0].primitives
    joints = array(document, primitive.attributes.JOINTS_0)
    assert joints.dtype == number
    moved_by = [document.nodes[document.skins[0].joints[joint]].name for joint in joints[::24, 0]]
    assert moved_by == names[:-1]
