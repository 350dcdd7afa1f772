// The app: from the source's images to everything that shows them; buttons and keys.
import { camera, common } from "./generated/tables.js";
import { Recording } from "./files/recording.js";
import { listCameras, openCamera } from "./page/camera.js";
import { Curves } from "./page/curves.js";
import { downloadsOf } from "./page/downloads.js";
import { History } from "./page/history.js";
import { Lifting } from "./page/lifting.js";
import { Meter } from "./page/meter.js";
import { Picture } from "./page/picture.js";
import { placesOf } from "./page/places.js";
import { sentenceOf } from "./page/problems.js";
import { Stage } from "./page/stage.js";
import { openVideoFile } from "./page/video_file.js";
import { Failure } from "./pose/failure.js";
import { anglesOf } from "./pose/joint_angles.js";

const get = (id) => document.getElementById(id);
const EXAMPLE = "balance_beam.mp4";
const SOON_MS = 4;
const state = { source: null, playing: false, turn: null, chosen: null, theme: "light", opened: 0, recording: null, engine: "" };

const history = new History();
const picture = new Picture(get("image"));
const curves = new Curves(get("curves"));
const meter = new Meter();
const stage = makeStage();
const wanted = new URLSearchParams(window.location.search).get("engine");
const lifting = new Lifting(wanted, (part) => (get("progress").value = part));

function makeStage() {
  try {
    return new Stage(get("stage"));
  } catch {
    get("stage-note").textContent = "3D needs WebGL, which this browser does not offer";
    return { show() {}, paint() {}, resize() {}, look() {} }; // the rest of the page still works
  }
}

function complain(failure) {
  get("problem").textContent = failure ? sentenceOf(failure) : "";
  get("problem").hidden = !failure;
}

const options = () => ({
  fieldOfView: Number(get("field-of-view").value),
  smooth: get("smooth").checked,
  fixSwaps: get("fix-swaps").checked,
});

// --- from the source to the screen -----------------------------------------------------------------------------------

// how: a function that opens a camera or a file.
async function open(how) {
  complain(null);
  const number = ++state.opened;
  pause();
  stopRecording();
  state.source?.close();
  Object.assign(state, { source: null, turn: null });
  let source = null;
  try {
    source = await how();
    state.engine = await lifting.ready;
  } catch (failure) {
    source?.close();
    if (number !== state.opened) return;
    showStart();
    complain(failure);
    return;
  }
  if (number !== state.opened) return source.close();
  history.clear();
  meter.clear();
  lifting.forget();
  Object.assign(state, { source, chosen: null });
  source.everyFrame = get("every-frame").checked;
  get("mirrored").checked = source.isCamera;
  showPanels();
  play();
}

const after = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// From here to the next pause is a turn. It begins when the one before, whose last image may still be lifted, has ended:
// a source gives its images to one at a time.
function play() {
  const turn = { source: state.source, over: false };
  turn.ended = Promise.resolve(state.turn?.ended).then(() => follow(turn));
  state.turn = turn;
  setPlaying(true);
}

// While one frame is shown, the next is lifted already, if it is there or comes soon.
async function follow(turn) {
  const { source } = turn;
  let shown = null;
  try {
    if (!turn.over) await source.resume();
    while (!turn.over) {
      const coming = source.next();
      if (shown && !(await Promise.race([coming.then(() => true), after(SOON_MS)]))) shown = present(shown, source);
      const shot = await coming;
      if (source !== state.source || !shot) {
        shot?.image.close();
        break;
      }
      const again = shot.seconds <= (shown ?? history.frames.at(-1))?.seconds; // played again from the start
      const lifted = lift(shot, again);
      shown = present(shown, source);
      shown = await lifted;
    }
    shown = present(shown, source);
    if (!turn.over) stop();
  } catch (failure) {
    if (source !== state.source) return; // nobody looks at it any more
    stop();
    complain(failure);
  } finally {
    shown?.answer.image.close();
  }
}

// The end of a video, or a camera that is gone.
function stop() {
  pause();
  state.ended = true;
  stopRecording();
  redraw();
}

async function lift({ image, seconds, filmed }, again) {
  if (again) lifting.forget();
  return { seconds, filmed, again, answer: await lifting.lift(image, seconds, options()) };
}

// Show what was lifted, if anything was and its source is still there; leaves nothing to be shown.
function present(lifted, source) {
  if (!lifted) return null;
  const { seconds, filmed, again, answer } = lifted;
  if (source !== state.source) {
    answer.image.close();
    return null;
  }
  const isLookedAt = again || state.playing || state.seconds === history.frames.at(-1)?.seconds; // else somebody scrubs
  if (again) history.clear();
  for (const person of answer.people) person.angles = anglesOf(person.positions);
  history.add(seconds, answer.people, answer.image, answer.size);
  state.recording?.add(seconds, answer.people, answer.size);
  const start = performance.now();
  if (isLookedAt) show({ ...history.frames.at(-1), image: answer.image });
  else showMoment(state.seconds);
  answer.image.close();
  meter.add({ ...answer.milliseconds, drawing: performance.now() - start, total: performance.now() - filmed });
  showFacts();
  return null;
}

function show(frame) {
  const { people, size, seconds } = frame;
  if (!people.some(({ id }) => id === state.chosen) && people.length) state.chosen = people[0].id;
  const look = { mirrored: get("mirrored").checked, chosen: state.chosen, colours: colours(), errors: get("errors").checked };
  document.documentElement.style.setProperty("--picture", (size[0] / size[1]).toFixed(4));
  picture.show(frame.image, size, people, look);
  stage.show(people, placesOf(people, size, options().fieldOfView), look);
  get("stage-note").textContent = people.length || !stage.figures ? "" : "nobody found";
  const person = people.find(({ id }) => id === state.chosen);
  const error = person && person.expectedError.reduce((sum, each) => sum + each, 0) / person.expectedError.length;
  get("expected").textContent = person ? `expected error ${Math.round(1000 * error)} mm` : "";
  showPeople(people);
  const samples = history.frames.map((each) => ({
    seconds: each.seconds,
    angles: each.people.find(({ id }) => id === state.chosen)?.angles,
  }));
  curves.show(samples, seconds, colours());
  showMoment(seconds);
  document.body.dataset.people = people.length;
}

function showMoment(seconds) {
  state.seconds = seconds;
  get("scrub").max = history.length - 1;
  get("scrub").value = history.frames.findLastIndex((each) => each.seconds <= seconds);
  get("moment").textContent = wordsFor(seconds - history.frames.at(-1).seconds);
}

function wordsFor(secondsFromNow) {
  if (state.playing) return "now";
  if (secondsFromNow < 0) return `${secondsFromNow.toFixed(1)} s`;
  return state.ended ? "the end" : "paused";
}

function showPeople(people) {
  const picker = get("person");
  const ids = people.map(({ id }) => String(id));
  if ([...picker.options].map(({ value }) => value).join() !== ids.join()) {
    picker.replaceChildren(...ids.map((id) => new Option(`person ${id}`, id)));
  }
  picker.value = String(state.chosen);
  get("person-box").hidden = people.length < 2;
}

function showFacts() {
  const { fps, steps } = meter.read();
  get("fps").textContent = fps.toFixed(1);
  get("latency").textContent = Math.round(steps.total);
  const parts = ["reading", "detecting", "tracking", "lifting", "drawing"].map((name) => `${name} ${steps[name].toFixed(steps[name] < 10 ? 1 : 0)} ms`);
  get("steps").replaceChildren(...parts.map((part) => Object.assign(document.createElement("span"), { textContent: part })));
  get("engine").textContent = state.engine;
}

// --- pause and the last minute ---------------------------------------------------------------------------------------

function setPlaying(playing) {
  Object.assign(state, { playing, ended: false });
  document.body.classList.toggle("playing", playing);
  get("play").setAttribute("aria-label", playing ? "pause" : "go on");
}

function pause() {
  if (!state.playing) return;
  setPlaying(false);
  state.turn.over = true;
  state.source.pause();
}

const toggle = () => (state.playing ? pause() : state.source && play());

async function scrubTo(number) {
  if (!history.length) return;
  pause();
  const wish = Math.min(Math.max(number, 0), history.length - 1);
  state.seconds = history.frames[wish].seconds;
  const frame = await history.at(wish);
  if (frame.seconds === state.seconds && !state.playing) show(frame); // else somebody has scrubbed or gone on since
  frame.image?.close();
}

const step = (frames) => scrubTo(Number(get("scrub").value) + frames);

// --- recording -------------------------------------------------------------------------------------------------------

function toggleRecording() {
  if (state.recording) return stopRecording();
  state.recording = new Recording({ name: state.source.name, engine: state.engine, options: options() });
  get("record").setAttribute("aria-pressed", "true");
  get("record").lastElementChild.textContent = "stop";
  get("downloads").hidden = true;
}

function stopRecording() {
  if (!state.recording) return;
  state.finished = state.recording;
  state.recording = null;
  get("record").setAttribute("aria-pressed", "false");
  get("record").lastElementChild.textContent = "record";
  get("recorded").textContent = `${state.finished.frames.length} frames`;
  get("downloads").hidden = !state.finished.frames.length;
}

function download(kind) {
  try {
    complain(null);
    for (const { name, text } of downloadsOf(kind, state.finished)) {
      const link = Object.assign(document.createElement("a"), { download: name, href: URL.createObjectURL(new Blob([text])) });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    }
  } catch (failure) {
    complain(failure);
  }
}

// --- what is shown ---------------------------------------------------------------------------------------------------

function showPanels() {
  get("start").hidden = true;
  for (const id of ["panels", "transport", "curves", "facts", "camera-again", "file-again"]) get(id).hidden = false;
  stage.resize();
  offerCameras();
}

function showStart() {
  setPlaying(false);
  get("start").hidden = false;
  for (const id of ["panels", "transport", "curves", "facts", "camera-again", "file-again"]) get(id).hidden = true;
}

async function offerCameras() {
  const all = await listCameras();
  get("which-camera").replaceChildren(...all.map(({ label, deviceId }, number) => new Option(label || `camera ${number + 1}`, deviceId)));
  if (state.source?.isCamera) get("which-camera").value = state.source.deviceId;
  get("which-camera").parentElement.hidden = all.length === 0;
}

const colours = () => {
  const dark = state.theme === "dark";
  const plain = common.colours[state.theme];
  return { ...plain, shadow: dark ? "#15181b" : "#cdd3da", halo: dark ? "#ffffff" : "#495057" };
};

function setTheme(theme) {
  state.theme = theme;
  document.documentElement.dataset.theme = theme;
  for (const [name, colour] of Object.entries(common.colours[theme])) document.documentElement.style.setProperty(`--${name}`, colour);
  get("theme").setAttribute("aria-label", theme === "dark" ? "light colours" : "dark colours");
  stage.paint(colours());
  redraw();
}

// What is shown, once more: after a change of how it is shown.
function redraw() {
  if (!history.length || state.playing) return;
  scrubTo(Number(get("scrub").value));
}

function toggleSettings(open = get("settings").hidden) {
  get("settings").hidden = !open;
  get("settings-button").setAttribute("aria-expanded", String(open));
}

const useCamera = () => open(() => openCamera(get("which-camera").value));
const openFile = (file) => file && open(() => openVideoFile(file));

async function openExample() {
  const clip = await fetch(EXAMPLE)
    .then((answer) => answer.ok && answer.blob())
    .catch(() => null);
  if (!clip) throw new Failure("download", EXAMPLE);
  return openVideoFile(new File([clip], EXAMPLE));
}

const useExample = () => open(openExample);

// --- buttons and keys ------------------------------------------------------------------------------------------------

function listen() {
  const clicks = {
    "use-camera": useCamera,
    "camera-again": useCamera,
    "open-file": () => get("file").click(),
    "file-again": () => get("file").click(),
    "use-example": useExample,
    "settings-button": () => toggleSettings(),
    play: toggle,
    record: toggleRecording,
    theme: () => setTheme(state.theme === "dark" ? "light" : "dark"),
  };
  for (const [id, act] of Object.entries(clicks)) get(id).addEventListener("click", () => act());
  const changes = {
    file: ({ target }) => {
      openFile(target.files[0]);
      target.value = "";
    },
    "which-camera": useCamera,
    person: ({ target }) => {
      state.chosen = Number(target.value);
      redraw();
    },
    mirrored: redraw,
    errors: redraw,
    "every-frame": ({ target }) => state.source && (state.source.everyFrame = target.checked),
  };
  for (const [id, act] of Object.entries(changes)) get(id).addEventListener("change", act);
  get("scrub").addEventListener("input", ({ target }) => scrubTo(Number(target.value)));
  get("field-of-view").addEventListener("input", showFieldOfView);
  document.querySelectorAll("[data-view]").forEach((button) => button.addEventListener("click", () => stage.look(Number(button.dataset.view))));
  document.querySelectorAll("[data-download]").forEach((button) => button.addEventListener("click", () => download(button.dataset.download)));
  document.addEventListener("keydown", onKey);
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", () => document.body.classList.remove("dropping"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    openFile(event.dataTransfer.files[0]);
  });
  new ResizeObserver(() => {
    stage.resize();
    redraw();
  }).observe(get("panels"));
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", () => setTheme(system.matches ? "dark" : "light"));
  setTheme(system.matches ? "dark" : "light");
}

function showFieldOfView() {
  get("field-of-view-value").textContent = `${get("field-of-view").value}°`;
}

function onKey(event) {
  const { key, target } = event;
  if (event.ctrlKey || event.altKey || event.metaKey || target.tagName === "SELECT" || (target.tagName === "BUTTON" && key === " ")) return;
  if (target.type === "range" && target.id !== "scrub" && key.startsWith("Arrow")) return;
  const running = state.source && !get("panels").hidden;
  const actions = {
    c: useCamera,
    o: () => get("file").click(),
    s: () => toggleSettings(),
    Escape: () => toggleSettings(false),
    m: () => get("mirrored").click(),
    ...(running && {
      " ": toggle,
      ArrowLeft: () => step(event.shiftKey ? -10 : -1),
      ArrowRight: () => step(event.shiftKey ? 10 : 1),
      Home: () => scrubTo(0),
      End: () => scrubTo(history.length - 1),
      r: toggleRecording,
      ...Object.fromEntries([1, 2, 3, 4].map((view) => [view, () => stage.look(view)])),
    }),
  };
  const act = actions[key.length === 1 ? key.toLowerCase() : key];
  if (!act) return;
  event.preventDefault();
  act();
}

get("field-of-view").value = camera.DEFAULT_FIELD_OF_VIEW;
showFieldOfView();
listen();
navigator.serviceWorker?.register("service-worker.js").catch(() => {}); // without one the app works as long as its server does
lifting.ready.then(
  () => {
    get("loading").hidden = true;
    document.body.dataset.ready = "yes";
  },
  (failure) => {
    get("loading").hidden = true;
    complain(failure);
  },
);
