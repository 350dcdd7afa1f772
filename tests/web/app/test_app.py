"""The app in a real browser: a camera, a video and what may go wrong."""

import base64
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.web.app.conftest import SIZE, clip_frames
from tests.web.test_viewer import Viewer, amount
from tools.app.browser import FPS, camera_flags, write_y4m

import ampose
from ampose.cli import main
from ampose.detectors import create_detector
from ampose.drawing.projection import SIDE_COLOURS
from ampose.files.poses import read
from ampose.lifting.lifter import load_model
from ampose.media.video_writer import writing_video
from ampose.media.webcam import LiveFrame
from ampose.pipeline.lift_options import LiftOptions, LiveOptions
from ampose.pipeline.live import LiveLifter

pytestmark = [pytest.mark.timeout(400), pytest.mark.detector]


class App(Viewer):
    """The app in the browser, as somebody uses it."""

    most_s = 150.0
    size = (1360, 900)

    def wait_for(self, condition: Callable[[], Any]) -> None:
        try:
            super().wait_for(condition)
        except TimeoutError:
            raise AssertionError(f"waited in vain; problem: {self.problem!r}") from None

    @property
    def problem(self) -> str:
        return self.text("#problem")

    @property
    def people(self) -> int:
        return int(self.script("return document.body.dataset.people ?? 0"))

    @property
    def frames(self) -> int:
        return int(self.script("return document.getElementById('scrub').max")) + 1

    def drop(self, name: str, content: bytes) -> None:
        """Drop a file onto the page."""
        self.script(
            "const bytes = Uint8Array.from(atob(arguments[1]), (letter) => letter.charCodeAt(0));"
            "const transfer = new DataTransfer(); transfer.items.add(new File([bytes], arguments[0]));"
            "const how = { dataTransfer: transfer, bubbles: true, cancelable: true };"
            "document.dispatchEvent(new DragEvent('drop', how))",
            name,
            base64.b64encode(content).decode(),
        )

    def download(self, kind: str) -> Path:
        """Press a button for a file, and wait for it."""
        before = set(self.chrome.downloads.iterdir())
        self.find(f"[data-download={kind}]").click()
        done = lambda: {path for path in self.chrome.downloads.iterdir() if path.suffix == f".{kind}"} - before  # noqa: E731
        self.wait_for(done)
        return done().pop()

    def requests(self) -> list[str]:
        urls = super().requests()
        return [url for url in urls if not url.startswith("http://127.0.0.1:")]


@pytest.fixture(scope="module")
def chrome(browser, tmp_path_factory):
    """A browser whose camera plays the example clip, and asks nobody."""
    film = write_y4m(tmp_path_factory.mktemp("camera") / "beam.y4m", clip_frames(100), SIZE)
    return browser(*camera_flags(film))


@pytest.fixture
def app(chrome, address):
    app = App(chrome)
    yield app.open(address)
    chrome.get("about:blank")
    # A machine without a graphics card says so.
    assert [words for words in app.complaints() if "No available adapters" not in words and "WebGL" not in words] == []
    assert app.requests() == [], "the page asked somebody else for something"


def test_the_camera_becomes_somebody_in_3d(app):
    assert app.script("return crossOriginIsolated"), "threads need it"
    app.find("#use-camera").click()
    app.wait_for(lambda: app.people == 1 and app.frames > 3)
    app.find("#play").click()  # a picture of what runs on takes long
    for panel in ("#space", "#picture"):
        picture = app.picture(panel)
        assert amount(picture, SIDE_COLOURS["left"]) > 150
        assert amount(picture, SIDE_COLOURS["right"]) > 150
    assert app.find("#mirrored").get_property("checked"), "a camera is shown as a mirror"
    assert app.text("#expected").startswith("expected error ")
    assert float(app.text("#fps")) > 0
    assert "detecting" in app.text("#steps")
    assert app.text("#engine").startswith("WebAssembly")


def test_pause_and_the_last_minute_by_keys_alone(app):
    from selenium.webdriver.common.keys import Keys

    app.press("c")
    app.wait_for(lambda: app.frames > 8)
    app.press(Keys.SPACE)

    def unchanged():  # what the networks were asked before is answered still
        count = app.frames
        time.sleep(0.5)
        return app.frames == count

    app.wait_for(unchanged)
    count, first = app.frames, app.picture("#panels")
    time.sleep(1)
    assert app.frames == count, "nothing goes on"
    app.press(Keys.HOME)
    app.wait_for(lambda: app.frame == 0)
    assert app.text("#moment").startswith("-")
    app.press(Keys.ARROW_RIGHT)
    app.wait_for(lambda: app.frame == 1)
    assert (np.abs(app.picture("#panels") - first).sum(axis=2) > 40).sum() > 300, "another moment is shown"
    app.press(Keys.SPACE)
    app.wait_for(lambda: app.frames > count)
    app.press("m")
    assert not app.find("#mirrored").get_property("checked")
    app.press("s")
    assert app.find("#settings").is_displayed()
    app.press(Keys.ESCAPE)
    assert not app.find("#settings").is_displayed()


@pytest.fixture(scope="module")
def short_clip(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "short.mp4"
    with writing_video(path, image_size=SIZE, fps=float(FPS)) as video:
        for frame in clip_frames(24):
            video.write(frame)
    return path


def test_every_frame_of_a_video_is_lifted_as_ampose_lift_does(app, short_clip, tmp_path):
    app.script("for (const id of ['smooth', 'fix-swaps']) document.getElementById(id).checked = false")
    app.drop(short_clip.name, short_clip.read_bytes())
    app.wait_for(lambda: app.find("#record").is_displayed())
    app.wait_for(lambda: app.text("#moment") == "the end")
    assert app.frames == 24
    app.find("#record").click()
    app.find("#play").click()  # once more, from its start
    app.wait_for(lambda: app.text("#recorded") == "24 frames")
    path = app.download("json")
    (person,) = read(path)
    assert person.pose3d.provenance["source"] == short_clip.name
    assert person.pose3d.provenance["model"] == "ampose-small"
    assert np.allclose(person.pose3d.times, np.arange(24) / FPS, atol=1e-3)
    options = LiftOptions(smooth="none", fix_left_right_swaps=False)
    (expected,) = ampose.lift_video(short_clip, options).people
    away = np.linalg.norm(person.pose3d.positions - expected.pose3d.positions, axis=2)
    assert np.median(away) < 0.005, "the browser decodes a little differently"
    assert main(["convert", str(path), str(tmp_path / "clip.trc")]) == 0
    assert main(["view", str(path), "-o", str(tmp_path / "page.html")]) == 0
    for kind in ("csv", "bvh"):
        assert len(read(app.download(kind))[0].pose3d) == 24


# What the worker answers arrives late, and is kept; what it is asked is counted.
SLOW_WORKER = """
Object.assign(window, { asked: 0, answers: [] });
const Real = Worker;
window.Worker = class extends Real {
  set onmessage(listen) {
    super.onmessage = (event) => {
      if (event.data.type !== "people") return listen(event);
      answers.push([event.data.seconds, event.data.people.map(({ positions }) => [...positions])]);
      setTimeout(() => listen(event), 100);
    };
  }
  postMessage(message, ...more) {
    if (message.type === "frame") asked += 1;
    super.postMessage(message, ...more);
  }
};
"""


@pytest.fixture
def slow_app(app, address):
    """The app while each answer of its networks takes long."""
    script = app.chrome.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": SLOW_WORKER})
    yield app.open(address)
    app.chrome.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)


def wait_for_another_frame(app: App) -> None:
    before = app.script("return asked")
    app.wait_for(lambda: app.script("return asked") > before)


def test_each_pose_keeps_its_time_however_often_one_pauses(slow_app, short_clip):
    app = slow_app
    app.drop(short_clip.name, short_clip.read_bytes())
    app.wait_for(lambda: app.find("#record").is_displayed())
    app.find("#record").click()
    for _ in range(3):
        wait_for_another_frame(app)
        app.script("for (let time = 0; time < 4; time++) document.getElementById('play').click()")
    app.wait_for(lambda: app.text("#moment") == "the end")
    assert app.frames == 24, "a pause loses none"
    answers = app.script("return answers")
    (person,) = read(app.download("json"))
    recorded = person.pose3d
    answers = answers[-len(recorded) :]
    times = np.array([seconds for seconds, _ in answers])
    assert np.allclose(recorded.times, times - times[0], atol=1e-3)
    positions = np.reshape([people[0] for _, people in answers], recorded.positions.shape)
    assert np.allclose(recorded.positions, positions, atol=1e-4)
    assert np.abs(np.diff(positions, axis=0)).max() > 0.002, "the next frame's differ"


def test_what_is_lifted_during_a_pause_does_not_hide_a_scrubbed_frame(slow_app, short_clip):
    app = slow_app
    app.drop(short_clip.name, short_clip.read_bytes())
    app.wait_for(lambda: app.frames > 4)
    wait_for_another_frame(app)
    count = app.frames
    app.script("document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Home' }))")
    app.wait_for(lambda: app.frames > count)
    time.sleep(0.5)
    assert app.frame == 0
    assert app.text("#moment").startswith("-")


def test_an_example_that_cannot_be_loaded_is_one_sentence(app):
    app.script("window.fetch = () => Promise.reject(new TypeError('Failed to fetch'))")
    app.find("#use-example").click()
    app.wait_for(lambda: app.problem)
    assert app.problem == "balance_beam.mp4 could not be loaded: reload the page while its server is running."


def test_each_image_gives_what_python_gives(app):
    """On the same pixels: every frame looked at by itself, as what rounding changes grows from frame to frame."""
    frames = clip_frames(100)[::10]
    with create_detector("blazepose", tracking=False, options={}) as detector:
        live = LiveLifter(detector, load_model("ampose-small"), options=LiveOptions())
        expected = [live.step(LiveFrame(frame, 0.0, number / FPS))[0] for number, frame in enumerate(frames)]
    app.script_until_done(
        "const done = arguments[0]; window.worker = new Worker('worker.js', { type: 'module' });"
        "worker.onmessage = ({ data }) => data.type === 'ready' && done();"
        "worker.postMessage({ type: 'load', engine: 'wasm' })"
    )
    for number, (frame, person) in enumerate(zip(frames, expected, strict=True)):
        rgba = np.dstack([frame, np.full(frame.shape[:2], 255, np.uint8)])
        found = app.chrome.execute_async_script(
            "const [text, width, height, seconds, done] = arguments;"
            "const data = Uint8ClampedArray.from(atob(text), (letter) => letter.charCodeAt(0));"
            "const options = { fieldOfView: 60, smooth: false, fixSwaps: true };"
            "worker.onmessage = ({ data }) => done(data.people.map((person) => [...person.positions]));"
            "worker.postMessage({ type: 'forget' });"
            "worker.postMessage({ type: 'frame', number: 0, image: { data, width, height }, seconds, options })",
            base64.b64encode(rgba.tobytes()).decode(),
            *SIZE,
            number / FPS,
        )
        assert np.allclose(np.reshape(found[0], (17, 3)), person.pose3d.positions[0], atol=1e-4), (
            f"0.1 mm, frame {number}"
        )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_in_both_themes(app, address, theme):
    app.open(address, theme=theme, size=(390, 844))
    app.find("#use-camera").click()
    app.wait_for(lambda: app.people == 1)
    app.find("#play").click()
    assert app.script("return document.documentElement.scrollWidth") <= 390
    brightness = app.picture("header").mean()
    assert brightness < 90 if theme == "dark" else brightness > 200
    app.wait_for(lambda: amount(app.picture("#space"), SIDE_COLOURS["left"]) > 80)


def test_two_people_stand_beside_each_other(app, tmp_path):
    """The clip beside its mirror image."""
    path = tmp_path / "two.mp4"
    frames = [np.concatenate([frame, frame[:, ::-1]], axis=1) for frame in clip_frames(6)]
    with writing_video(path, image_size=(2 * SIZE[0], SIZE[1]), fps=float(FPS)) as video:
        for frame in frames:
            video.write(frame)
    app.drop(path.name, path.read_bytes())
    app.wait_for(lambda: app.text("#moment") == "the end")
    assert app.people == 2
    space = app.picture("#space")
    blue = np.nonzero(np.abs(space - np.array(SIDE_COLOURS["right"])).sum(axis=2) < 60)[1]
    assert np.ptp(blue) > space.shape[1] / 4
    first = app.text("#curves")
    chosen = app.find("#person").get_property("value")
    app.choose("#person", str(1 - int(chosen)))
    app.wait_for(lambda: app.text("#curves") != first)


def test_what_is_no_video_is_one_sentence(app):
    app.drop("notes.txt", b"no video")
    app.wait_for(lambda: app.problem)
    assert app.problem == "notes.txt is no video that this browser can play: choose an MP4 or WebM file."
    assert app.find("#use-camera").is_displayed(), "one can try again"
    app.complaints()


def test_it_works_with_the_network_gone(app, address):
    # The service worker takes over when it has kept all files.
    app.wait_for(lambda: app.script("return navigator.serviceWorker.controller !== null"))
    back = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    app.chrome.execute_cdp_cmd("Network.enable", {})
    app.chrome.execute_cdp_cmd("Network.emulateNetworkConditions", {**back, "offline": True})
    try:
        app.open(address)
        app.find("#use-camera").click()
        app.wait_for(lambda: app.people == 1)
    finally:
        app.chrome.execute_cdp_cmd("Network.emulateNetworkConditions", back)


class TestWhatMayGoWrong:
    """A sentence each."""

    @pytest.fixture
    def start(self, browser):
        opened = []

        def start(*flags: str) -> App:
            opened.append(browser(*flags))
            return App(opened[-1])

        yield start
        opened[-1].quit()

    def test_no_camera(self, start, address):
        app = start().open(address)
        app.find("#use-camera").click()
        app.wait_for(lambda: app.problem)
        assert app.problem == "No camera was found: plug one in and try again, or open a video."

    def test_the_camera_is_refused(self, start, address):
        app = start("--use-fake-device-for-media-stream", "--deny-permission-prompts").open(address)
        app.find("#use-camera").click()
        app.wait_for(lambda: app.problem)
        assert app.problem.startswith("The camera was not allowed: ")

    def test_no_webassembly(self, start, address):
        app = start()
        without = {"source": "delete globalThis.WebAssembly"}
        app.chrome.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", without)
        app.chrome.get(address)
        app.wait_for(lambda: app.problem)
        assert app.problem.startswith("This browser cannot run WebAssembly")
