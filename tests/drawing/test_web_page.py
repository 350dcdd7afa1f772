"""The page as text: everything is in it, nothing can get out of its place, and it was built from these sources."""

import base64
import hashlib
import html.parser
import json
import re
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ampose.cli import main
from ampose.drawing.notebook import show_inline
from ampose.drawing.projection import SIDE_COLOURS
from ampose.drawing.web_page import Result, page, write_page
from ampose.errors import InputError
from ampose.files.poses import read, write
from ampose.media import open_media
from ampose.media.video_writer import writing_video
from ampose.poses.people import Person
from ampose.poses.pose import Pose3D

ROOT = Path(__file__).parents[2]
BUNDLE = ROOT / "src/ampose/drawing/page/viewer.js"
POSES = ROOT / "examples/balance_beam.npz"
CLIP = ROOT / "examples/balance_beam.mp4"
LIMIT = 2_000_000
EVIL = '</script><script>alert("x")</script><img src=x onerror=alert(1)>{{video}}{{data}}<!--'


@pytest.fixture
def person() -> Person:
    (person,) = read(POSES)
    # As if the camera looked level: the page shows poses as they are.
    return replace(person, pose3d=replace(person.pose3d, camera_tilt=None))


class Elements(html.parser.HTMLParser):
    """What a browser would make elements of, with the scripts' contents."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data):
        if self.tags and self.tags[-1][0] == "script" and self.cdata_elem == "script":
            self.scripts[-1] += data


def data_of(text: str) -> dict:
    return json.loads(Elements(text).scripts[0])


def unpack(packed: dict) -> np.ndarray:
    low, high = (
        np.frombuffer(zlib.decompress(base64.b64decode(packed["deflated"])), np.uint8).reshape(2, -1).astype(int)
    )
    in_time = (low + 256 * high).reshape(packed["channels"], -1).cumsum(axis=1) % 65536
    numbers = np.where(in_time > 32767, in_time - 65536, in_time).T
    return np.where(numbers == -32768, np.nan, numbers * packed["step"])


def test_the_bundle_was_built_from_these_sources():
    folder = ROOT / "web"
    names = sorted(["build.mjs", "package-lock.json", *(f"src/{path.name}" for path in (folder / "src").iterdir())])
    digest = hashlib.sha256()
    for name in names:
        digest.update(f"{name}\0".encode() + (folder / name).read_bytes() + b"\0")
    head = BUNDLE.read_text()[:2000]
    assert f"sources sha256:{digest.hexdigest()}" in head, "web/ changed since the page was built: make web"
    assert "three.js authors" in head
    assert "Permission is hereby granted" in head


def test_it_fetches_nothing_and_runs_one_script(person):
    text = page([Result("clip", [person])])
    elements = Elements(text)
    assert len(text) < LIMIT
    assert not [tag for tag, attributes in elements.tags if "src" in attributes or "href" in attributes]
    policy = next(a["content"] for _, a in elements.tags if a.get("http-equiv") == "Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256(elements.scripts[2].encode()).digest()).decode()
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{digest}';" in policy
    assert elements.scripts[1] == "", "no video"


def test_names_from_files_stay_text(person):
    evil = replace(person, pose3d=replace(person.pose3d, provenance={"source": EVIL, "model": EVIL}))
    clean, text = page([Result("clip", [person])]), page([Result(EVIL, [evil]), Result(EVIL, [evil])])
    assert [tag for tag, _ in Elements(text).tags] == [tag for tag, _ in Elements(clean).tags]
    assert data_of(text)["results"][0]["name"] == EVIL
    assert data_of(text)["results"][1]["model"] == EVIL


def test_the_numbers_are_those_of_the_result(person):
    data = data_of(page([Result("clip", [person])]))
    shown = unpack(data["results"][0]["people"][0]["positions"]).reshape(-1, 17, 3)
    pose = person.pose3d.positions
    assert np.abs(shown - (pose - pose[..., 1].max(axis=1)[:, None, None] * [0, 1, 0])).max() < 0.51e-3, (
        "half a millimetre"
    )
    assert data["results"][0]["skeleton"]["joints"] == list(person.pose3d.skeleton.joints)
    assert data["colours"]["light"]["left"] == "#{:02x}{:02x}{:02x}".format(*SIDE_COLOURS["left"])
    knee = unpack(data["results"][0]["people"][0]["angles"]["left knee flexion"])
    assert 0 < np.nanmin(knee) < np.nanmax(knee) < 90


def test_the_page_opens_where_somebody_is(person):
    positions = person.pose3d.positions.copy()
    positions[:3] = np.nan
    late = replace(person, pose3d=replace(person.pose3d, positions=positions))
    assert [data_of(page([Result("clip", [one])]))["results"][0]["start"] for one in (person, late)] == [0, 3]


@pytest.mark.parametrize("uneven", [False, True])
def test_frames_become_a_small_video_of_the_page_each_at_the_time_of_its_pose(person, tmp_path, uneven):
    (width, height), count = person.pose2d.image_size, len(person.pose3d)
    pose = replace(person.pose3d, times=3 + 0.04 * np.arange(count) ** 1.1) if uneven else person.pose3d
    grey = np.full((height, width, 3), 90, np.uint8)
    write_page(tmp_path / "page.html", [Result("clip", [replace(person, pose3d=pose)])], frames=[grey] * count)
    (tmp_path / "inside.mp4").write_bytes(base64.b64decode(Elements((tmp_path / "page.html").read_text()).scripts[1]))
    video = open_media(tmp_path / "inside.mp4")
    assert len(list(video)) == count
    assert video.image_size[1] == min(height, 480)
    assert video.times == pytest.approx(pose.seconds - pose.seconds[0], abs=1e-3)


def long(person: Person, frames: int, number: int = 1) -> Person:
    """Forward and backward and forward again, never twice the same: the detector's noise is another one each time."""
    noise = np.random.default_rng(number)
    there_and_back = np.abs((np.arange(frames) + 31 * number) % 198 - 99)
    pose3d, pose2d = person.pose3d, person.pose2d
    assert pose2d is not None

    def shaken(values: np.ndarray, by: float) -> np.ndarray:
        again = values[there_and_back]
        return (again + noise.normal(0, by, again.shape)).astype(np.float32)

    longer = replace(
        pose3d,
        positions=shaken(pose3d.positions, 0.002),
        confidence=pose3d.confidence[there_and_back],
        expected_error=None,
    )
    seen = replace(pose2d, keypoints=shaken(pose2d.keypoints, 0.5), confidence=pose2d.confidence[there_and_back])
    return Person(number, seen, longer)


@pytest.mark.parametrize(("frames", "people"), [(10_000, 1), (2_000, 5)])
def test_long_results_stay_small(person, frames, people):
    assert len(page([Result("long", [long(person, frames, number) for number in range(people)])])) < LIMIT


def test_a_page_that_is_too_long_says_so(person, caplog):
    page([Result("long", [long(person, 10_000, number) for number in range(3)])])
    (said,) = [record.getMessage() for record in caplog.records]
    assert "MB beside the video" in said


def test_far_places_fit(person):
    far = replace(person.pose3d, positions=person.pose3d.positions + np.array([100, 0, 0], dtype=np.float32))
    shown = unpack(data_of(page([Result("far", [Person(0, None, far)])]))["results"][0]["people"][0]["positions"])
    assert np.abs(shown.reshape(-1, 17, 3)[..., 0] - far.positions[..., 0]).max() < 2e-3


def test_gaps_are_gaps(person):
    positions = person.pose3d.positions.copy()
    positions[3] = np.nan
    positions[5, 0] = np.nan
    gappy = Person(0, None, replace(person.pose3d, positions=positions))
    shown = data_of(page([Result("clip", [gappy])]))["results"][0]["people"][0]
    there = np.isfinite(unpack(shown["positions"]).reshape(positions.shape))
    assert np.array_equal(there, np.isfinite(positions))
    assert shown["overlay"] is None


def test_the_camera_tilt_turns_the_view_and_its_lean(person):
    lean = [
        np.nanmean(unpack(data_of(text)["results"][0]["people"][0]["angles"]["trunk lean"]))
        for text in (page([Result("c", [person])]), page([Result("c", [person])], camera_tilt=22.0))
    ]
    assert abs(lean[0] - lean[1]) > 2


def test_nobody_at_all_is_refused(person):
    nobody = replace(person.pose3d, positions=np.full_like(person.pose3d.positions, np.nan))
    with pytest.raises(InputError, match="got nobody"):
        Result("clip", [Person(0, None, nobody)])


def test_one_picture(person, tmp_path):
    pose: Pose3D = replace(person.pose3d[:1], fps=None)
    write(tmp_path / "one.html", Person(0, None, pose))
    data = data_of((tmp_path / "one.html").read_text())
    assert data["results"][0]["frames"] == 1
    assert not data["results"][0]["isVideo"]


@pytest.mark.parametrize("content", [b"", b"RIFF....AVI LIST", b"text that is no video"])
def test_what_browsers_do_not_play_is_refused(person, tmp_path, content):
    video = tmp_path / "clip.avi"
    video.write_bytes(content)
    with pytest.raises(InputError, match=r"clip\.avi: must be an MP4 or WebM"):
        write_page(tmp_path / "page.html", [Result("clip", [person])], video=video)
    assert list(tmp_path.iterdir()) == [video]


def test_a_video_of_another_shape_is_another_video(person, tmp_path):
    """A smaller copy of the same picture is fine; a picture that is turned, or cut, is not."""
    width, height = person.pose2d.image_size
    for size, fits in (((width // 2, height // 2), True), ((height // 2 * 2, width // 2 * 2), False)):
        video = tmp_path / "clip.mp4"
        with writing_video(video, image_size=size, fps=25.0) as writer:
            writer.write(np.zeros((size[1], size[0], 3), np.uint8))
        if fits:
            assert "video/mp4" in page([Result("walk", [person])], video=video)
        else:
            with pytest.raises(InputError, match=rf"clip\.mp4: must be the video that walk came from, {width} x"):
                page([Result("walk", [person])], video=video)


def test_the_command_writes_page_with_video_and_a_second_result(tmp_path, capsys):
    assert main(["view", str(POSES), str(POSES), "--video", str(CLIP), "-o", str(tmp_path / "a.html")]) == 0
    text = (tmp_path / "a.html").read_text()
    assert base64.b64decode(Elements(text).scripts[1]) == CLIP.read_bytes()
    assert [result["name"] for result in data_of(text)["results"]] == ["examples/balance_beam.npz"] * 2
    assert "a.html" in capsys.readouterr().out


def test_the_page_is_written_beside_the_poses(tmp_path):
    poses = tmp_path / "poses.npz"
    poses.write_bytes(POSES.read_bytes())
    assert main(["view", str(poses)]) == 0
    assert re.search("<title>.*/poses.npz</title>", (tmp_path / "poses.html").read_text())


@pytest.mark.parametrize("folder", [".", "", "../{}", "{}/."])
def test_the_poses_may_be_named_by_their_folder(folder, tmp_path, monkeypatch):
    write(tmp_path / "poses.json", read(POSES))
    monkeypatch.chdir(tmp_path)
    assert main(["view", folder.format(tmp_path.name) if folder.startswith("..") else folder.format(tmp_path)]) == 0
    assert f"<title>{tmp_path.name}/poses.json</title>" in (tmp_path / "poses.html").read_text()


def test_a_name_is_one_line_of_letters_on_the_page_and_in_the_notebook(person):
    name = "new\nline\x1b[2J.mp4"
    shown = r"new line\x1b[2J.mp4"
    text = page([Result(name, [person])])
    assert f"<title>{shown}</title>" in text
    assert data_of(text)["results"][0]["name"] == shown
    assert f'title="{shown}"' in show_inline([person], name)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gone.json"], "no such file"),
        (["."], ".: must be a file of poses or a folder with poses.json, got a folder without it"),
        ([""], ".: must be a file of poses or a folder with poses.json"),
        ([".."], "..: must be a file of poses or a folder with poses.json"),
        (["/"], "/: must be a file of poses or a folder with poses.json"),
        ([str(POSES), "-o", "."], ".: the name of a page ends in .html (--output)"),
        ([str(POSES), "--video", ".", "-o", "page.html"], ".: must be the video"),
        ([str(POSES), "-o", "page.txt"], "the name of a page ends in .html (--output)"),
        ([str(POSES), "-o", "no/folder/page.html"], "must be in a folder that can be written to"),
        ([str(POSES), "--video", "gone.mp4", "-o", "page.html"], "gone.mp4: must be the video"),
    ],
)
def test_mistakes_are_told_in_a_line(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["view", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
