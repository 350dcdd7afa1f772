"""``ampose lift`` on keypoint files with several people, and on several inputs. No detector is needed for that."""

import errno
import io
import json
import os
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from ampose.cli import lift as lift_command
from ampose.cli import main
from ampose.cli.lift.batch import _share_cores, lift_many, lift_unless_done
from ampose.cli.lift.outputs import WrittenFiles
from ampose.errors import InputError
from ampose.files import poses as formats
from ampose.lifting.lifter import load_model
from ampose.lifting.weights import save_weights
from ampose.media import open_media
from ampose.models import create_model
from ampose.poses.people import Person
from ampose.poses.skeletons import get_skeleton

COCO = get_skeleton("coco_17")


def standing(x: float, height: float) -> np.ndarray:
    """A standing person in COCO's 17 joints, pixels."""
    tall = {"nose": 0.95, "eye": 0.97, "ear": 0.96, "shoulder": 0.82, "elbow": 0.62, "wrist": 0.47}
    tall |= {"hip": 0.52, "knee": 0.28, "ankle": 0.03}
    points = []
    for joint in COCO.joints:
        part = joint.removeprefix("left_").removeprefix("right_")
        side = {"left": 1, "right": -1}.get(joint.partition("_")[0], 0)
        points.append((x + 0.1 * side * height, 50 + height * (1 - tall[part])))
    return np.array(points)


def coco_results(path: Path, frames: int = 6) -> Path:
    """Two people who stay: a small one on the left, a large one on the right; the small one is away in frame 2."""
    found = []
    for frame in range(frames):
        for x, height in ((100.0, 150.0), (450.0, 300.0)):
            if height == 150.0 and frame == 2:
                continue
            rows = np.column_stack([standing(x + frame, height), np.full(17, 0.9)])
            found.append({"image_id": frame, "category_id": 1, "keypoints": rows.ravel().tolist(), "score": 0.9})
    path.write_text(json.dumps(found))
    return path


SAID = ("--image-size", "640x480", "--fps", "25")


@pytest.fixture
def people(tmp_path) -> Path:
    return coco_results(tmp_path / "people.json")


def lift(source: Path, folder: Path, weights: str, *options: str) -> list[Person]:
    assert main(["lift", str(source), "-o", str(folder), "--model", weights, *SAID, *options]) == 0
    return formats.read(folder / "poses.json")


def test_everybody_in_a_keypoint_file_is_lifted_as_the_array_would_be(people, untrained, tmp_path, capsys):
    written = lift(people, tmp_path / "out", untrained, "--to", "trc")
    assert [person.id for person in written] == [0, 1]
    large, small = written
    assert small.pose3d.missing.tolist() == [False, False, True, False, False, False]
    points = np.stack([standing(450.0 + frame, 300.0) for frame in range(6)])
    by_hand = load_model(untrained).lift(points, image_size=(640, 480), skeleton="coco_17", fps=25.0)
    np.testing.assert_allclose(large.pose3d.positions, by_hand.positions, atol=1e-5)
    said = capsys.readouterr().out
    assert "person 0 found in 6 of 6 frames, from 0.0 to 0.2 s" in said
    assert "person 1 found in 5 of 6 frames, from 0.0 to 0.2 s; the other 1 is kept as missing" in said
    assert "camera  field of view 60 degrees, assumed" in said
    names = {"poses.json", "poses.npz", "poses_0.trc", "poses_1.trc", "overview.png", "preview.mp4"}
    assert {file.name for file in (tmp_path / "out").iterdir()} == names
    assert len(list(open_media(tmp_path / "out" / "preview.mp4"))) == 6


def test_what_a_keypoint_file_was_taken_for_is_said_and_a_wrong_size_of_the_picture_is_asked_about(
    untrained, tmp_path, capsys
):
    array = tmp_path / "keypoints.npy"
    np.save(array, np.stack([standing(450.0 + frame, 300.0) for frame in range(6)]))
    lift(array, tmp_path / "out", untrained, "--no-preview")
    said = capsys.readouterr().out
    assert "points  17 joints in the order of coco_17; format numpy" in said
    assert "outside the image" not in said
    small = ["--image-size", "400x480", "--no-preview", "--model", untrained, "-o", str(tmp_path / "small")]
    assert main(["lift", str(array), *small]) == 0
    assert "100% are outside the image, up to 485 x 341: is 400 x 480 its size?" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "meant"),
    [(["--person", "largest"], 0), (["--person", "1"], 1), (["--box", "60,40,90,170"], 1)],
)
def test_one_is_picked_and_the_others_are_named(people, untrained, tmp_path, capsys, options, meant):
    (written,) = lift(people, tmp_path / "out", untrained, "--no-preview", *options)
    assert written.id == meant
    assert f"others  not lifted: person {1 - meant}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--person", "5"], "there is no person 5 among: 0, 1 (--person)"),
        (["--box", "1,2,3"], "box must be x,y,width,height"),
        (["--box", "600,440,20,20"], "nobody was found in the box 600,440,20,20"),
        (["--box", "1,2,3,4", "--person", "1"], "must not both be given"),
        (["--image-size", "640"], "image size must be width x height"),
        (["--focal", "wide"], "focal length must be in pixels"),
        (["--min-confidence", "1.5"], "at least 0 and below 1, got 1.5 (--min-confidence)"),
        (["--skeleton", "halpe_26"], "26"),
        (["--format", "coco-result"], "did you mean"),
        (["--jobs", "0"], None),
    ],
)
def test_a_wrong_setting_is_one_line_and_leaves_nothing(people, untrained, tmp_path, capsys, options, message):
    arguments = ["lift", str(people), "-o", str(tmp_path / "out"), "--model", untrained, *SAID, *options]
    if message is None:  # there is one input only: how many at a time does not matter
        assert main(arguments) == 0
        return
    assert main(arguments) == 2
    (error,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("ampose: error")]
    assert message in error
    assert not (tmp_path / "out").exists()


def test_what_only_keypoints_need_is_refused_with_pictures(untrained, tmp_path, capsys):
    Image.new("RGB", (40, 30)).save(tmp_path / "1.png")
    for option, words in ((["--skeleton", "coco_17"], "skeleton"), (["--image-size", "40x30"], "image size")):
        assert main(["lift", str(tmp_path / "1.png"), "--model", untrained, *option]) == 2
        said = f"no keypoint file, and so takes no {words}; leave it out, or name the keypoints ({option[0]})"
        assert said in capsys.readouterr().err


@pytest.fixture
def clips(tmp_path) -> list[Path]:
    folder = tmp_path / "clips"
    folder.mkdir()
    (folder / "broken.json").write_text("[{]")
    return [coco_results(folder / "a.json"), folder / "broken.json", coco_results(folder / "ö c.json", frames=4)]


def batch(clips: list[Path], folder: Path, weights: str, *options: str) -> int:
    try:
        return main(["lift", *map(str, clips), "-o", str(folder), "--model", weights, "--no-preview", *SAID, *options])
    except SystemExit as error:
        return int(error.code)


def test_several_inputs_get_a_line_and_a_folder_each(clips, untrained, tmp_path, capsys):
    out = tmp_path / "out"
    assert batch(clips, out, untrained) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{clips[0]}: 2 people in 6 frames")
    assert lines[1].startswith(f"{clips[1]}: failed: ")
    assert lines[2].startswith(f"{clips[2]}: 2 people in 4 frames")
    assert lines[3] == f"failed: 1 of 3: {clips[1]}"
    assert {folder.name for folder in out.iterdir()} == {"a", "ö c"}, "what failed leaves nothing"
    assert len(formats.read(out / "ö c" / "poses.npz")[0].pose3d) == 4


def test_a_mistake_of_ours_with_one_input_does_not_stop_the_rest(clips, untrained, tmp_path, capsys, monkeypatch):
    lift_to_folder, seen = lift_command.lift_to_folder, []

    def at_first_wrong(source, *rest, **options):
        seen.append(source)
        return 1 / 0 if len(seen) == 1 else lift_to_folder(source, *rest, **options)

    monkeypatch.setattr(lift_command, "lift_to_folder", at_first_wrong)
    assert batch([clips[0], clips[2]], tmp_path / "out", untrained) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{clips[0]}: failed unexpectedly: ZeroDivisionError: division by zero"
    assert lines[1].startswith(f"{clips[2]}: 2 people in 4 frames")


def test_what_is_done_is_passed_over_until_something_changes(clips, untrained, tmp_path, capsys):
    out, good = tmp_path / "out", [clips[0], clips[2]]
    assert batch(good, out, untrained) == 0
    written = (out / "a" / "poses.json").stat().st_mtime_ns
    capsys.readouterr()
    assert batch(good, out, untrained) == 0
    assert capsys.readouterr().out.count("done already") == 2
    assert (out / "a" / "poses.json").stat().st_mtime_ns == written
    coco_results(clips[2], frames=5)
    assert batch(good, out, untrained) == 0
    said = capsys.readouterr().out
    assert said.count("done already") == 1
    assert "2 people in 5 frames" in said
    assert batch(good, out, untrained, "--no-flip") == 0
    assert "done already" not in capsys.readouterr().out, "other settings give other poses"


@pytest.mark.parametrize("name", ["poses.json", "poses.npz", "overview.png", "poses.bvh"])
@pytest.mark.parametrize(
    "spoil", [Path.unlink, lambda path: path.write_text("x"), lambda path: path.unlink() or path.mkdir()]
)
def test_what_is_done_but_is_gone_or_changed_is_done_again(clips, tmp_path, name, spoil):
    out = tmp_path / "out"

    def write(_source: Path, folder: Path) -> SimpleNamespace:
        folder.mkdir(parents=True, exist_ok=True)
        files = [folder / one for one in ("poses.json", "poses.npz", "overview.png", "poses.bvh")]
        for file in files:
            if file.is_dir():
                file.rmdir()
            file.write_text("what was lifted")
        return WrittenFiles(SimpleNamespace(people=[0], num_frames=1), [(file, "") for file in files], 0.1)

    def lift() -> str:
        line, worked = lift_unless_done(clips[0], out, write, "{}")
        assert worked
        return line

    assert "1 person" in lift()
    assert "done already" in lift()
    spoil(out / name)
    assert "1 person" in lift()
    assert "done already" in lift()
    (out / ".ampose-done.json").write_text('{"files": 3}')
    assert "1 person" in lift()


def test_a_system_error_reads_as_it_does_alone(clips, tmp_path):
    def refuse(source: Path, _folder: Path) -> WrittenFiles:
        raise PermissionError(errno.EACCES, "Permission denied", str(source))

    line, worked = lift_unless_done(clips[0], tmp_path / "out", refuse, "{}")
    assert (line, worked) == (f"{clips[0]}: failed: Permission denied", False)


def test_a_model_that_was_trained_again_in_its_folder_lifts_again(clips, tmp_path, capsys):
    for _ in range(2):
        save_weights(tmp_path / "model", "ampose-small", create_model("ampose-small"))  # other numbers each time
        assert batch([clips[0], clips[2]], tmp_path / "out", str(tmp_path / "model")) == 0
        assert "done already" not in capsys.readouterr().out


def test_what_was_interrupted_is_done_again(clips, untrained, tmp_path, capsys):
    """The mark comes last: a folder with files but without it is not done."""
    out = tmp_path / "out"
    assert batch([clips[0], clips[2]], out, untrained) == 0
    (out / "a" / ".ampose-done.json").unlink()
    capsys.readouterr()
    assert batch([clips[0], clips[2]], out, untrained) == 0
    assert capsys.readouterr().out.count("done already") == 1


def test_a_folder_of_videos_and_pictures_is_refused(untrained, tmp_path, capsys):
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "one.mp4").touch()
    Image.new("RGB", (8, 8)).save(tmp_path / "clips" / "cover.jpg")
    assert main(["lift", str(tmp_path / "clips"), "-o", str(tmp_path / "out"), "--model", untrained]) == 2
    assert "holds both videos and images, 1 and 1" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_jobs_give_the_same(clips, untrained, tmp_path):
    good = [clips[0], clips[2]]
    assert batch(good, tmp_path / "one", untrained) == 0
    assert batch(good, tmp_path / "two", untrained, "--jobs", "2") == 0
    for name in ("a", "ö c"):
        one, two = (formats.read(tmp_path / folder / name / "poses.npz") for folder in ("one", "two"))
        np.testing.assert_array_equal(one[0].pose3d.positions, two[0].pose3d.positions)


def begin_and_fail(_source: Path, folder: Path) -> None:
    folder.touch()
    time.sleep(0.2)
    raise InputError("as it should")


class Unread(io.StringIO):
    """Standard output that nobody reads any more, as behind ``| head -1``."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError


def test_jobs_end_when_nobody_reads_their_lines(tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    folders = {tmp_path / "in" / f"{number}": tmp_path / f"{number}" for number in range(30)}
    for source in folders:
        source.touch()
    monkeypatch.setattr("sys.stdout", Unread())
    with pytest.raises(BrokenPipeError):
        lift_many(folders, begin_and_fail, "{}", jobs=2)
    assert sum(folder.exists() for folder in folders.values()) < 10


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no process to cores")
def test_jobs_share_the_cores_that_this_process_may_use(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS")
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        _share_cores(jobs=1)
    finally:
        os.sched_setaffinity(0, allowed)
    assert os.environ["OMP_NUM_THREADS"] == "1"


def test_inputs_of_one_name_get_folders_apart(untrained, tmp_path):
    first = coco_results(tmp_path / "a.json")
    (tmp_path / "frames").mkdir()
    second = coco_results(tmp_path / "frames" / "a.json")
    assert batch([first, second], tmp_path / "out", untrained) == 0
    assert {folder.name for folder in (tmp_path / "out").iterdir()} == {f"{tmp_path.name}_a_json", "frames_a_json"}
    same = coco_results(tmp_path / "a.JSON")  # one folder on Windows and macOS
    assert batch([first, same], tmp_path / "out", untrained) == 2


def test_an_input_that_is_named_twice_is_lifted_once(untrained, tmp_path, capsys):
    source = coco_results(tmp_path / "a.json")
    assert batch([source, source], tmp_path / "out", untrained) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert [folder.name for folder in (tmp_path / "out").iterdir()] == ["a"]


def test_a_wrong_setting_stops_before_the_first(clips, untrained, tmp_path, capsys):
    for option in (["--jobs", "0"], ["--to", "fbx"], ["--min-confidence", "2"], ["--detector-option", "x"]):
        assert batch(clips, tmp_path / "out", untrained, *option) == 2
        assert capsys.readouterr().out == ""
    assert not (tmp_path / "out").exists()


def test_a_folder_of_videos_is_several_inputs(untrained, tmp_path, capsys):
    folder = tmp_path / "videos"
    folder.mkdir()
    for name in ("b2.mp4", "b10.mov"):
        (folder / name).write_text("no film\n" * 40)
    assert main_status(["lift", str(folder), "-o", str(tmp_path / "out"), "--model", untrained]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines[:2]] == [str(folder / "b2.mp4"), str(folder / "b10.mov")]
    assert all("failed" in line for line in lines[:2])


def main_status(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    return int(stopped.value.code)
