"""What every reader of keypoint files promises, over real samples of every registered format."""

from pathlib import Path

import numpy as np
import pytest
from tests.files.keypoints.samples import SAMPLES, SIZE, Sample

import ampose
from ampose.errors import InputError
from ampose.files.keypoints import is_keypoint_file, read_keypoints, readers, recognise
from ampose.files.keypoints.content import Content
from ampose.lifting.lifter import Lifter
from ampose.poses.people import Person

EACH = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)


def read(sample: Sample, path: Path, **options) -> list[Person]:
    size = None if sample.size_inside else SIZE
    return read_keypoints(path, **{"image_size": size, **options})


def in_order(tracks: list[Person], expected: np.ndarray) -> list[Person]:
    """The tracks in the order of the people whom they follow: who is nearest in the first frame."""
    places = [np.nanmean(track.pose2d.keypoints[0], axis=0) for track in tracks]
    return [
        tracks[np.argmin([np.linalg.norm(p - np.nanmean(who[0, :, :2], axis=0)) for p in places])] for who in expected
    ]


def test_every_registered_format_has_a_sample() -> None:
    assert {sample.format for sample in SAMPLES} == set(readers.names())


@EACH
def test_it_is_recognised_by_its_own_reader_and_no_other(sample: Sample, tmp_path: Path) -> None:
    path, _ = sample.make(tmp_path)
    assert [entry.name for entry in readers.entries() if entry.target().fits(Content(path))] == [sample.format]
    assert recognise(path) == sample.format
    assert is_keypoint_file(path)


@EACH
def test_the_people_come_back(sample: Sample, tmp_path: Path) -> None:
    path, expected = sample.make(tmp_path)
    tracks = read(sample, path)
    assert len(tracks) == len(expected)
    assert sample.ids is None or tuple(track.id for track in tracks) == sample.ids
    for track, points in zip(in_order(tracks, expected), expected, strict=True):
        pose = track.pose2d
        assert pose.skeleton.name == sample.skeleton
        assert (pose.image_size, pose.fps) == (SIZE, sample.fps)
        np.testing.assert_allclose(pose.keypoints, points[..., :2], atol=sample.tolerance)
        np.testing.assert_allclose(pose.confidence, np.nan_to_num(points[..., 2]), atol=1e-4)
        assert pose.provenance["format"] == sample.format
        assert pose.provenance["source"] == path.name


@pytest.fixture(scope="module")
def lifter() -> Lifter:
    return ampose.load_model("ampose-small")


@EACH
def test_they_are_lifted_as_the_same_points_in_an_array_are(sample: Sample, tmp_path: Path, lifter: Lifter) -> None:
    path, expected = sample.make(tmp_path)
    whole = ~np.isnan(expected[..., 0]).any(axis=2)
    for track, points, frames in zip(in_order(read(sample, path), expected), expected, whole, strict=True):
        lifted = lifter.lift(track.pose2d[frames], flip=False).positions
        array = lifter.lift(points[frames], image_size=SIZE, skeleton=sample.skeleton, flip=False).positions
        assert np.isfinite(lifted).all()
        np.testing.assert_allclose(lifted, array, rtol=0, atol=2e-4 + 0.05 * sample.tolerance)


@EACH
def test_a_format_may_be_named_and_a_rate_given(sample: Sample, tmp_path: Path) -> None:
    path, expected = sample.make(tmp_path)
    tracks = read(sample, path, format=sample.format, fps=50.0)
    assert len(tracks) == len(expected)
    assert {track.pose2d.fps for track in tracks} == {50}


@EACH
def test_the_size_of_the_picture_is_asked_for_where_the_file_has_none(sample: Sample, tmp_path: Path) -> None:
    path, _ = sample.make(tmp_path)
    if sample.size_inside:
        with pytest.raises(InputError, match=r"image size must be the file's own, \(640, 480\), got \(20, 10\)"):
            read_keypoints(path, image_size=(20, 10))
    else:
        with pytest.raises(InputError, match=r"give .*width and height"):
            read_keypoints(path)
    assert readers.get(sample.format).facts.size == sample.size_inside


@EACH
def test_another_skeleton_than_the_file_s_is_refused_in_a_line(sample: Sample, tmp_path: Path) -> None:
    path, _ = sample.make(tmp_path)
    with pytest.raises(InputError) as refusal:
        read(sample, path, skeleton="mpi_inf_3dhp_28")
    message = str(refusal.value)
    assert message.startswith(str(path))
    assert "\n" not in message


@EACH
def test_half_a_file_is_refused_in_a_line(sample: Sample, tmp_path: Path) -> None:
    path, _ = sample.make(tmp_path)
    file = sorted(path.iterdir())[0] if path.is_dir() else path
    data = file.read_bytes()
    file.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(InputError) as refusal:
        read(sample, path, format=sample.format)
    assert str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)


@EACH
def test_the_other_readers_refuse_it_in_a_line(sample: Sample, tmp_path: Path) -> None:
    """The wrong format, named by the user."""
    path, _ = sample.make(tmp_path)
    for name in readers.names():
        if name != sample.format:
            if (sample.name, name) in ALIKE:
                assert read_keypoints(path, format=name, image_size=SIZE)
                continue
            with pytest.raises(InputError) as refusal:
                read_keypoints(path, format=name, image_size=SIZE)
            assert "\n" not in str(refusal.value)


ALIKE = {("alphapose", "coco-results"), ("coco_results", "alphapose")}
"""A sample and another format that reads it as well, when told to."""
