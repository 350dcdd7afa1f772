"""``ampose lift`` on people who are seen in part only, with a model that takes missing joints."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ampose.cli import main
from ampose.files import poses as formats
from ampose.lifting.weights import save_weights
from ampose.models import create_model
from ampose.pipeline.lift_options import Focal, LiftOptions
from ampose.pipeline.video import open_source
from ampose.poses.skeletons import get_skeleton

BODY_25 = get_skeleton("body_25")
LEGS = ("hip", "knee", "ankle", "heel", "big_toe", "small_toe")


@pytest.fixture(scope="module")
def forgiving(tmp_path_factory) -> str:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("weights") / "forgiving"
    options = {"normalisation": "person-rays-scaled", "missing_token": True, "error_head": True}
    save_weights(folder, "ampose-small", create_model("ampose-small", depth=2, channels=32, heads=4, **options))
    return str(folder)


def openpose(folder: Path, lost: dict[int, tuple[str, ...]], frames: int = 6) -> Path:
    """One person, as OpenPose writes it: joints that are not found are three zeros. -> their names by frame."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    points = rng.uniform(100, 400, (25, 2)) + rng.normal(0, 3, (frames, 25, 2))
    for frame in range(frames):
        rows = np.column_stack([points[frame], np.full(25, 0.8)])
        for joint in BODY_25.joints:
            if joint.removeprefix("left_").removeprefix("right_") in lost.get(frame, ()):
                rows[BODY_25.index(joint)] = 0
        person = {"pose_keypoints_2d": rows.ravel().tolist()}
        (folder / f"clip_{frame:012d}_keypoints.json").write_text(json.dumps({"version": 1.3, "people": [person]}))
    return folder


def lift(source: Path, out: Path, weights: str, *options: str) -> None:
    said = ("--image-size", "640x480", "--fps", "25")
    assert main(["lift", str(source), "-o", str(out), "--model", weights, *said, *options]) == 0


def test_single_joints_are_inferred_and_the_summary_says_which(forgiving, tmp_path, capsys):
    source = openpose(tmp_path / "clip", {1: ("wrist",), 2: ("wrist", "ankle")})
    lift(source, tmp_path / "out", forgiving)
    (person,) = formats.read(tmp_path / "out" / "poses.json")
    pose = person.pose3d
    assert np.isfinite(pose.positions).all()
    names = {(frame, pose.skeleton.joints[joint]) for frame, joint in np.argwhere(pose.inferred)}
    assert names == {(1, "left_wrist"), (1, "right_wrist"), (2, "left_wrist"), (2, "right_wrist")} | {
        (2, "left_ankle"),
        (2, "right_ankle"),
    }
    assert (pose.expected_error > 0).all()
    assert pose.provenance["unseen_joints"] == "inferred from the others, confidence 0"
    said = capsys.readouterr().out
    assert "joints inferred, with confidence 0 (frames): " in said
    assert "left_wrist (2)" in said
    assert "right_ankle (1)" in said


def test_a_half_body_goes_through_every_step_and_format(forgiving, tmp_path, caplog):
    """Hips and legs out of the picture: all steps do what they can, and no floor is made of legs that nobody saw."""
    source = openpose(tmp_path / "clip", dict.fromkeys(range(6), LEGS))
    steps = ["--height", "1.8", "--constant-bones", "--smooth", "one-euro", "--ground", "tilt", "--camera-tilt", "0"]
    lift(source, tmp_path / "out", forgiving, *steps, "--to", "csv,trc,bvh,glb,html")
    (person,) = formats.read(tmp_path / "out" / "poses.npz")
    assert np.isfinite(person.pose3d.positions).all()
    legs = [joint for joint in person.pose3d.skeleton.joints if joint.endswith(("hip", "knee", "ankle"))]
    inferred = person.pose3d.inferred
    assert all(inferred[:, person.pose3d.skeleton.index(joint)].all() for joint in legs)
    assert "origin at the camera" in str(person.pose3d.frame_of_reference)
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert {"poses.csv", "poses.trc", "poses.bvh", "poses.glb", "poses.html", "overview.png", "preview.mp4"} <= names
    assert "the floor needs a foot" in caplog.text


def test_a_frame_with_next_to_nothing_is_left_out_and_counted(forgiving, tmp_path, capsys):
    nearly = (*LEGS, "elbow", "wrist", "neck", "hip", "ear", "eye", "nose")
    lift(openpose(tmp_path / "clip", {3: nearly}), tmp_path / "out", forgiving)
    (person,) = formats.read(tmp_path / "out" / "poses.json")
    assert person.pose3d.missing.tolist() == [frame == 3 for frame in range(6)]
    assert "not lifted in 1 frame: too few joints were found" in capsys.readouterr().out


def test_unsure_joints_are_left_to_the_model(forgiving, tmp_path):
    """Of a detector that is never sure of the legs, with --min-confidence, the legs are inferred."""
    source = openpose(tmp_path / "clip", {})
    for file in source.iterdir():
        data = json.loads(file.read_text())
        rows = np.array(data["people"][0]["pose_keypoints_2d"]).reshape(25, 3)
        rows[BODY_25.index("left_knee"), 2] = 0.1
        data["people"][0]["pose_keypoints_2d"] = rows.ravel().tolist()
        file.write_text(json.dumps(data))
    lift(source, tmp_path / "out", forgiving, "--min-confidence", "0.3", "--no-preview")
    (person,) = formats.read(tmp_path / "out" / "poses.json")
    inferred = person.pose3d.inferred
    assert inferred[:, person.pose3d.skeleton.index("left_knee")].all()
    assert inferred.sum() == len(inferred)


def test_a_model_that_needs_every_joint_says_so(untrained, tmp_path, capsys):
    source = openpose(tmp_path / "clip", {1: ("wrist",)})
    options = ["--image-size", "640x480", "--model", untrained, "-o", str(tmp_path / "out")]
    assert main(["lift", str(source), *options]) == 2
    assert "take a model that was trained with missing joints" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


HEADLESS = tuple({joint.removeprefix("left_").removeprefix("right_") for joint in BODY_25.joints} - {"wrist", "knee"})


def test_too_little_of_a_person_in_every_frame_is_one_line_and_leaves_nothing(forgiving, tmp_path, capsys):
    source = openpose(tmp_path / "clip", dict.fromkeys(range(6), HEADLESS))
    said = ["--image-size", "640x480", "--model", forgiving]
    assert main(["lift", str(source), "-o", str(tmp_path / "out"), *said]) == 2
    assert "every frame shows fewer than 6 of the model's joints" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_who_is_seen_for_longest_but_cannot_be_lifted_does_not_spoil_the_pictures(forgiving, tmp_path):
    source = openpose(tmp_path / "clip", dict.fromkeys(range(6), HEADLESS))
    whole = openpose(tmp_path / "whole", {}, frames=4)
    for path in sorted(whole.iterdir())[1:]:
        there, both = json.loads(path.read_text())["people"][0], source / path.name
        there["pose_keypoints_2d"] = [x + 200 * (n % 3 == 0) for n, x in enumerate(there["pose_keypoints_2d"])]
        both.write_text(json.dumps({"people": [*json.loads(both.read_text())["people"], there]}))
    lift(source, tmp_path / "out", forgiving)
    lengths = [(~person.pose3d.missing).sum() for person in formats.read(tmp_path / "out" / "poses.json")]
    assert lengths == [0, 3]
    assert (tmp_path / "out" / "overview.png").exists()


def test_of_several_videos_in_a_file_one_is_named(untrained, tmp_path, capsys):
    keypoints = np.random.default_rng(0).uniform(100, 400, (2, 17, 2))
    positions = {name: {"custom": [keypoints]} for name in ("one", "two")}
    metadata = {
        "layout_name": "coco",
        "num_joints": 17,
        "keypoints_symmetry": [[1, 3], [2, 4]],
        "video_metadata": {name: {"w": 640, "h": 480} for name in positions},
    }
    np.savez(tmp_path / "data.npz", positions_2d=positions, metadata=metadata)
    arguments = ["lift", str(tmp_path / "data.npz"), "-o", str(tmp_path / "out"), "--model", untrained, "--no-preview"]
    assert main(arguments) == 2
    assert "(one, two)" in capsys.readouterr().err
    assert main([*arguments, "--video", "two"]) == 0
    source = openpose(tmp_path / "clip", {})
    assert main(["lift", str(source), "--image-size", "640x480", "--model", untrained, "--video", "two"]) == 2
    assert "files of several videos only" in capsys.readouterr().err


def test_a_photo_says_which_camera_it_was(tmp_path):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA405] = 50
    Image.new("RGB", (360, 240)).save(tmp_path / "photo.jpg", exif=exif)
    Image.new("RGB", (360, 240)).save(tmp_path / "plain.jpg")

    def focal_of(name: str, **options: float | Focal) -> tuple[float, str]:
        source = open_source(tmp_path / name, LiftOptions(**options))
        return float(source.camera.focal[0]), source.camera_origin

    assert focal_of("photo.jpg") == (pytest.approx(500, rel=0.002), "EXIF data")
    assert focal_of("plain.jpg") == (pytest.approx(180 * 3**0.5), "assumed")
    assert focal_of("photo.jpg", focal=Focal(300.0)) == (300, "options")
    assert focal_of("photo.jpg", field_of_view=90.0) == (pytest.approx(180), "options")


def test_poses_that_are_lifted_again_keep_their_camera(forgiving, tmp_path, capsys):
    lift(
        openpose(tmp_path / "clip", {}), tmp_path / "first", forgiving, "--field-of-view", "40", "--camera-tilt", "22.5"
    )
    for name in ("poses.json", "poses.npz"):
        assert main(["lift", str(tmp_path / "first" / name), "-o", str(tmp_path / "again"), "--model", forgiving]) == 0
        assert "field of view 40 degrees, from the keypoint file" in capsys.readouterr().out
        first, again = (formats.read(tmp_path / folder / "poses.npz")[0].pose3d for folder in ("first", "again"))
        assert again.provenance["focal_px"] == first.provenance["focal_px"]
        assert again.provenance["camera_tilt"] == "22.5"
        np.testing.assert_allclose(again.positions, first.positions, atol=1e-3)
