"""Folders of keypoints with other things in them, and what is said of them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.files.keypoints import samples
from tests.files.keypoints.samples import FRAMES, SIZE, dump, make_people

from ampose.errors import InputError
from ampose.files.keypoints import is_keypoint_file, read_keypoints


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return samples.openpose(tmp_path, make_people("body_25", 1))


def read(path: Path, **options):
    return read_keypoints(path, **{"image_size": SIZE, **options})


def test_images_beside_the_keypoints_are_left_and_it_is_said(folder: Path, caplog) -> None:
    for frame in range(FRAMES):
        Image.new("RGB", (40, 30)).save(folder / f"clip_{frame:012d}_rendered.png")
    assert is_keypoint_file(folder)
    assert len(read(folder)[0].pose2d) == FRAMES
    assert f"{folder}: the keypoint files are read (5 .json), not the files beside them (5 .png)" in caplog.text


@pytest.mark.parametrize("name", ["Thumbs.db", "desktop.ini", ".DS_Store", "classes.txt"])
def test_what_systems_leave_in_folders_is_nothing_to_say(folder: Path, caplog, name: str) -> None:
    (folder / name).write_bytes(b"\0\1\2person\n")
    assert is_keypoint_file(folder)
    assert len(read(folder)[0].pose2d) == FRAMES
    assert not caplog.messages


@pytest.mark.parametrize(("name", "text"), [("notes.txt", "a walk in the park"), ("camera.json", '{"model": "X100"}')])
def test_images_with_a_text_beside_them_are_images(tmp_path: Path, name: str, text: str) -> None:
    Image.new("RGB", (40, 30)).save(tmp_path / "1.png")
    (tmp_path / name).write_text(text)
    assert not is_keypoint_file(tmp_path)


def test_one_file_of_a_whole_video_beside_its_images(tmp_path: Path, caplog) -> None:
    path = samples.alphapose(tmp_path, make_people("halpe_26"))
    (tmp_path / "vis").mkdir()
    Image.new("RGB", (40, 30)).save(tmp_path / "0.jpg")
    assert is_keypoint_file(tmp_path)
    people = read(tmp_path)
    assert people[0].pose2d.provenance["source"] == path.name
    for one, other in zip(people, read(path), strict=True):
        np.testing.assert_array_equal(one.pose2d.keypoints, other.pose2d.keypoints)
    assert "1 .json), not the files beside them (1 .jpg)" in caplog.text


def test_json_lines(tmp_path: Path) -> None:
    entries = [
        {"image_id": frame, "keypoints": samples.flat(np.nan_to_num(person)), "score": 0.9}
        for frame, person in enumerate(make_people("coco_17", 1)[0])
    ]
    (tmp_path / "a.json").write_text("\n".join(json.dumps(entry) for entry in entries) + "\n")
    (lines,), (whole,) = read(tmp_path / "a.json"), read(dump(tmp_path / "b.json", entries))
    np.testing.assert_array_equal(lines.pose2d.keypoints, whole.pose2d.keypoints)


def lines(people: np.ndarray) -> list[str]:
    return [
        json.dumps({"image_id": frame, "keypoints": samples.flat(np.nan_to_num(person)), "score": 0.9})
        for frame, person in enumerate(people[0])
    ]


@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson"])
def test_json_lines_by_their_name(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_text("\n".join(lines(make_people("coco_17", 1))))
    assert is_keypoint_file(path)
    assert is_keypoint_file(tmp_path)
    assert len(read(tmp_path)[0].pose2d) == FRAMES
    assert is_keypoint_file("a.TSV")


def test_json_lines_of_which_the_last_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("\n\n".join(lines(make_people("coco_17", 1)))[:-9])
    with pytest.raises(InputError, match=rf"must be a whole JSON file, got .*: line {2 * FRAMES - 1} column [0-9]+ \("):
        read(path)


@pytest.mark.parametrize("write", [samples.alphapose, samples.coco_results, samples.coco])
def test_a_folder_of_files_that_hold_all_frames_each(tmp_path: Path, write) -> None:
    path = write(tmp_path, make_people("coco_17"))
    shutil.copy(path, path.with_stem("other"))
    with pytest.raises(
        InputError, match=f"{tmp_path}: must hold a file for each frame, got .* name one of them$"
    ) as said:
        read(tmp_path)
    assert path.name in str(said.value)
    assert "other.json" in str(said.value)


def test_a_folder_of_deeplabcut(tmp_path: Path) -> None:
    for name in ("clip.csv", "clip.h5", "clip.txt.bak"):
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=r"file for each frame, got clip.csv, clip.h5; name one of them$"):
        read(tmp_path)


def test_a_file_before_those_of_the_frames_is_named(folder: Path) -> None:
    dump(folder / "camera.json", {"fx": 1})
    with pytest.raises(InputError, match=r"6 files, the first \(camera.json\) with a JSON object with fx"):
        read(folder)
