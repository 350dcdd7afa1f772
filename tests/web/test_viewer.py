"""The page in a real browser: it plays, scrubs, turns and compares, and what should be drawn is drawn."""

import io
import json
import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from PIL import Image
from tools.app.browser import wait_for

from ampose.cli import main
from ampose.drawing.projection import SIDE_COLOURS
from ampose.files.poses import read, write
from ampose.poses.people import Person

pytestmark = pytest.mark.timeout(120)

CLIP = Path(__file__).parents[2] / "examples" / "balance_beam.mp4"


class Viewer:
    """A page in the browser, as somebody sees and uses it."""

    most_s = 20.0
    size = (1100, 800)

    def __init__(self, chrome: Any) -> None:
        self.chrome = chrome

    def open(self, page: Path | str, theme: str = "light", size: tuple[int, int] | None = None) -> Self:
        scheme = [{"name": "prefers-color-scheme", "value": theme}]
        self.chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
        width, height = size or self.size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.chrome.get(page.as_uri() if isinstance(page, Path) else page)
        self.wait_for(lambda: self.script("return document.body.dataset.ready") == "yes")
        self.settle()
        return self

    def script(self, code: str, *arguments: Any) -> Any:
        return self.chrome.execute_script(code, *arguments)

    def script_until_done(self, code: str) -> Any:
        return self.chrome.execute_async_script(code)

    def wait_for(self, condition: Callable[[], Any]) -> None:
        wait_for(condition, self.most_s)

    def settle(self) -> None:
        """Let the browser draw, twice."""
        self.chrome.execute_async_script(
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 60)))"
        )

    def find(self, selector: str) -> Any:
        return self.chrome.find_element("css selector", selector)

    def text(self, selector: str) -> str:
        return self.find(selector).text

    def picture(self, selector: str = "#stage") -> np.ndarray:
        self.settle()
        png = self.find(selector).screenshot_as_png
        return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)

    def press(self, *keys: str) -> None:
        from selenium.webdriver import ActionChains

        ActionChains(self.chrome).send_keys(*keys).perform()
        self.settle()

    def drag(self, selector: str, right: int, down: int) -> None:
        from selenium.webdriver import ActionChains

        ActionChains(self.chrome, duration=50).click_and_hold(self.find(selector)).move_by_offset(
            right, down
        ).release().perform()
        self.settle()

    def scrub(self, frame: int) -> None:
        self.script(
            "const s = document.getElementById('scrub'); s.value = arguments[0]; s.dispatchEvent(new Event('input'))",
            frame,
        )
        self.settle()

    def choose(self, selector: str, value: str) -> None:
        from selenium.webdriver.support.select import Select

        Select(self.find(selector)).select_by_value(value)
        self.settle()

    @property
    def frame(self) -> int:
        return int(self.script("return document.getElementById('scrub').value"))

    def complaints(self) -> list[str]:
        # A browser that draws the page itself, without a card, reads WebGL's pixels, and says that this takes time.
        messages = [entry["message"] for entry in self.chrome.get_log("browser")]
        return [message for message in messages if "GPU stall due to ReadPixels" not in message]

    def requests(self) -> list[str]:
        messages = [json.loads(entry["message"])["message"] for entry in self.chrome.get_log("performance")]
        sent = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
        # A new browser's first tab reads the browser's own files, on a slow machine while the page is there already.
        return [url for url in sent if not url.startswith(("file:", "data:", "blob:", "chrome:", "chrome-untrusted:"))]


@pytest.fixture
def viewer(chrome):
    viewer = Viewer(chrome)
    viewer.complaints(), viewer.requests()  # of a test before that failed
    yield viewer
    assert viewer.complaints() == []
    assert viewer.requests() == [], "the page asked the network for something"


@pytest.fixture(scope="module")
def plain(poses, tmp_path_factory) -> Path:
    """A page without a video."""
    page = tmp_path_factory.mktemp("pages") / "plain.html"
    assert main(["view", str(poses), "--camera-tilt", "22", "-o", str(page)]) == 0
    return page


@pytest.fixture(scope="module")
def two_people(poses, tmp_path_factory) -> Path:
    """The person, whose right arm is a guess, and another who appears late, stands beside and bows."""
    folder = tmp_path_factory.mktemp("people")
    (person,) = read(poses)
    pose2d, pose3d = person.pose2d, person.pose3d
    assert pose2d is not None
    arm = np.array([joint in ("right_elbow", "right_wrist") for joint in pose3d.skeleton.joints])
    guessed = replace(pose3d, confidence=np.where(arm, np.float32(0.1), pose3d.confidence))
    late = pose3d.positions[:, :, [2, 1, 0]].copy()
    late[:20] = np.nan
    moved = replace(pose2d, keypoints=pose2d.keypoints + np.array([150, 0], dtype=np.float32))
    write(folder / "two.npz", [Person(0, pose2d, guessed), Person(7, moved, replace(pose3d, positions=late))])
    assert main(["view", str(folder / "two.npz")]) == 0
    return folder / "two.html"


def amount(picture: np.ndarray, colour: tuple[int, int, int], tolerance: int = 60) -> int:
    """How many pixels have about this colour."""
    return int((np.abs(picture - np.array(colour)).sum(axis=2) < tolerance).sum())


def centre(picture: np.ndarray, colour: tuple[int, int, int]) -> float:
    """Mean x of the pixels of this colour."""
    return float(np.nonzero(np.abs(picture - np.array(colour)).sum(axis=2) < 60)[1].mean())


def changed(first: np.ndarray, second: np.ndarray) -> int:
    return int((np.abs(first - second).sum(axis=2) > 40).sum())


def test_a_person_stands_there_in_both_colours(viewer, plain):
    viewer.open(plain)
    for panel in ("#stage", "#overlay"):
        picture = viewer.picture(panel)
        assert amount(picture, SIDE_COLOURS["left"]) > 400
        assert amount(picture, SIDE_COLOURS["right"]) > 400
    assert viewer.text("#title") == "balance_beam.mp4"
    assert viewer.text("#moment") == "0.00 s · frame 0"
    assert viewer.text("#stage-note") == ""


def test_scrubbing_changes_everything(viewer, plain):
    viewer.open(plain)
    before = [viewer.picture(panel) for panel in ("#stage", "#overlay", ".plot")]
    viewer.scrub(62)
    after = [viewer.picture(panel) for panel in ("#stage", "#overlay", ".plot")]
    assert all(changed(a, b) > 100 for a, b in zip(before, after, strict=True))
    assert viewer.text("#moment") == "1.03 s · frame 62"
    viewer.scrub(0)
    assert changed(before[0], viewer.picture()) == 0, "back where it was"


def test_the_angles_are_those_of_the_moment(viewer, plain, poses):
    from ampose.poses.joint_angles import joint_angles

    (person,) = read(poses)
    viewer.open(plain).scrub(50)
    shown = viewer.text(".plot .values").split()
    knees = [joint_angles(person.pose3d)[f"{side}_knee_flexion"][50] for side in ("left", "right")]
    # The page keeps tenths of a degree, and shows whole ones: 59.46 is 59.5 there, and so 60.
    assert shown == [f"{math.floor(np.round(knee, 1) + 0.5)}°" for knee in knees]
    names = [name.text for name in viewer.chrome.find_elements("css selector", ".plot .name")]
    assert names == ["knee flexion", "hip flexion", "elbow flexion", "shoulder flexion", "trunk lean"]


def test_a_drag_turns_the_figure_and_a_key_turns_it_back(viewer, plain):
    front = viewer.open(plain).picture()
    assert centre(front, SIDE_COLOURS["left"]) > centre(front, SIDE_COLOURS["right"]), "faces the camera"
    viewer.drag("#stage", 200, 20)
    viewer.wait_for(lambda: changed(front, viewer.picture()) > 1000)

    def from_behind() -> bool:
        back = viewer.picture()
        return centre(back, SIDE_COLOURS["left"]) < centre(back, SIDE_COLOURS["right"])

    viewer.press("3")
    viewer.wait_for(from_behind)
    viewer.press("1")
    viewer.wait_for(lambda: changed(front, viewer.picture()) == 0)


def test_it_plays_and_stops(viewer, plain):
    from selenium.webdriver.common.keys import Keys

    viewer.open(plain)
    viewer.press(Keys.SPACE)
    viewer.wait_for(lambda: viewer.frame > 5)
    viewer.press(Keys.SPACE)
    stopped = viewer.frame
    time.sleep(0.2)
    assert viewer.frame == stopped
    viewer.press(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert viewer.frame == stopped - 2
    viewer.press(Keys.END)
    assert viewer.frame == 99
    viewer.press(Keys.ARROW_RIGHT)
    assert viewer.frame == 99
    viewer.press(Keys.HOME)
    assert viewer.frame == 0


def test_slower_is_slower(viewer, plain):
    def rate(speed: str) -> float:
        viewer.open(plain).choose("#speed", speed)
        return viewer.script_until_done(
            """const [done] = arguments, begun = performance.now();
            const look = () => {
              const seconds = (performance.now() - begun) / 1000, frame = document.getElementById("scrub").value;
              if (seconds < 0.7 && frame < 40) return setTimeout(look, 10);
              document.getElementById("play").click();
              done(frame / seconds);
            };
            document.getElementById("play").click();
            look();"""
        )

    # Timed by the page's own clock: on a busy machine a second of ours is longer than the clip, which starts again.
    assert 2 * rate("0.1") < rate("1")


def test_a_curve_leads_to_its_moment(viewer, plain):
    viewer.open(plain).drag(".plot svg", 0, 0)
    viewer.wait_for(lambda: viewer.frame in (49, 50))  # the middle of the curve


def test_the_video_keeps_step_with_the_pose(viewer, poses, tmp_path):
    page = tmp_path / "with_video.html"
    assert main(["view", str(poses), "--video", str(CLIP), "-o", str(page)]) == 0
    assert page.stat().st_size < 2_000_000 + 4 / 3 * CLIP.stat().st_size
    viewer.open(page)
    if viewer.script("return document.createElement('video').canPlayType('video/mp4; codecs=\"avc1.64001f\"')") == "":
        pytest.skip("this chromium cannot play H.264")
    viewer.wait_for(lambda: viewer.script("return document.getElementById('video').readyState") > 1)
    before = viewer.picture("#picture")
    viewer.scrub(62)
    viewer.wait_for(lambda: not viewer.script("return document.getElementById('video').seeking"))
    assert viewer.script("return document.getElementById('video').currentTime") == pytest.approx(62.5 / 60, abs=1e-3)
    after = viewer.picture("#picture")
    assert changed(before, after) > 5000, "more than the skeleton changes"
    assert amount(after, SIDE_COLOURS["left"]) > 100
    viewer.find("#play").click()
    viewer.wait_for(lambda: viewer.frame > 70)
    viewer.find("#play").click()
    viewer.wait_for(lambda: viewer.script("return document.getElementById('video').paused"))
    moment = viewer.script("return document.getElementById('video').currentTime")
    assert moment * 60 == pytest.approx(viewer.frame + 0.5, abs=0.1), "the video stops where the pose does"


def test_the_picker_shows_somebody_else(viewer, two_people):
    viewer.open(two_people).scrub(50)
    first = viewer.picture()
    assert amount(first, (137, 184, 220), 90) > 50, "a guessed arm is pale blue"
    viewer.choose("#person", "1")
    assert changed(first, viewer.picture()) > 1000
    viewer.scrub(3)
    assert viewer.text("#stage-note") == "nobody found"
    assert amount(viewer.picture(), SIDE_COLOURS["left"]) == 0


def test_two_results_are_compared(viewer, plain, poses, tmp_path):
    (person,) = read(poses)
    other = person.pose3d.positions.copy()
    other[:, person.pose3d.skeleton.index("left_wrist")] += np.array([0.3, -0.2, 0], dtype=np.float32)
    write(tmp_path / "other.npz", replace(person, pose3d=replace(person.pose3d, positions=other)))
    page = tmp_path / "both.html"
    assert main(["view", str(poses), str(tmp_path / "other.npz"), "--camera-tilt", "22", "-o", str(page)]) == 0
    alone = viewer.open(plain).picture()
    over = viewer.open(page).picture()
    assert changed(alone, over) > 50, "the ghost's arm"
    assert "other.npz" in viewer.text("#versus")
    assert len(viewer.text(".plot:nth-child(3) .values").split()) == 4
    viewer.choose("#compare", "beside")
    beside = viewer.picture()
    half = beside.shape[1] // 2
    for part in (beside[:, :half], beside[:, half:]):
        assert amount(part, SIDE_COLOURS["left"]) > 200, "both are solid, one on each side"


def test_dark_and_light(viewer, plain):
    dark = viewer.open(plain, theme="dark").picture("body")
    assert dark.mean() < 60
    viewer.find("#theme").click()
    light = viewer.picture("body")
    assert light.mean() > 220
    assert amount(light, SIDE_COLOURS["left"]) > 400


def test_it_fits_a_phone(viewer, plain):
    viewer.open(plain, size=(390, 844))
    assert viewer.script("return document.documentElement.scrollWidth") <= 390
    assert amount(viewer.picture(), SIDE_COLOURS["left"]) > 200
    assert viewer.script("return document.getElementById('play').getBoundingClientRect().width") >= 40


def test_a_hostile_name_is_only_a_name(viewer, poses, tmp_path):
    (person,) = read(poses)
    evil = "</script><img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"
    named = replace(person.pose3d, provenance={"source": "x", "model": evil})
    write(tmp_path / "evil.npz", replace(person, pose3d=named))
    assert main(["view", str(tmp_path / "evil.npz")]) == 0
    viewer.open(tmp_path / "evil.html")
    assert viewer.chrome.title.endswith("evil.npz")
    assert viewer.text("#model").endswith(evil)
    assert viewer.chrome.find_elements("css selector", "img") == []


def test_a_joint_is_named_under_the_pointer_and_uneven_times_are_kept(viewer, poses, tmp_path):
    from selenium.webdriver import ActionChains

    (person,) = read(poses)
    pose = person.pose3d
    times = np.concatenate([np.arange(50) / 60, 2 + np.arange(len(pose) - 50) / 60])
    error = np.full(pose.confidence.shape, 0.024, np.float32)
    write(tmp_path / "a.npz", replace(person, pose3d=replace(pose, times=times, expected_error=error), pose2d=None))
    assert main(["view", str(tmp_path / "a.npz")]) == 0
    viewer.open(tmp_path / "a.html").scrub(50)
    assert viewer.text("#moment") == "2.00 s · frame 50"
    stage = viewer.find("#stage")
    for down in range(-260, 261, 8):
        ActionChains(viewer.chrome, duration=0).move_to_element_with_offset(stage, 0, down).perform()
        if viewer.find("#tip").is_displayed():
            break
    assert viewer.text("#tip").endswith("expected error 24 mm")
    assert viewer.text("#tip").split(" · ")[0].replace(" ", "_") in pose.skeleton.joints
