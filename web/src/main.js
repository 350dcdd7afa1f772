// The page: one moment in time, and everything that shows it.
import { frameAt, lengthOf, readData, readVideo, secondsOf } from "./data.js";
import { Overlay } from "./overlay.js";
import { Plots } from "./plots.js";
import { Stage } from "./stage.js";

const get = (id) => document.getElementById(id);
const data = await readData();
const [first] = data.results;
const duration = Math.max(...data.results.map(lengthOf));
const state = { seconds: 0, playing: false, speed: 1, chosen: 0, theme: "light" };

const overlay = new Overlay(get("overlay"), data, first);
const stage = makeStage();
const plots = new Plots(get("plots"), data, duration, (seconds) => {
  pause();
  seek(seconds);
});
const video = get("video");

function makeStage() {
  try {
    return new Stage(get("stage"), data);
  } catch (error) {
    // a browser without WebGL: the rest of the page still works
    get("stage-note").textContent = "3D needs WebGL, which this browser does not offer";
    return { show: () => [true], paint() {}, resize() {}, look() {}, arrange() {}, jointAt: () => null };
  }
}

const peopleShown = () => {
  const { id } = first.people[state.chosen];
  return data.results.map((result, number) =>
    number === 0 ? first.people[state.chosen] : (result.people.find((person) => person.id === id) ?? result.people[0]),
  );
};

function show() {
  const frames = data.results.map((result) => frameAt(result, state.seconds));
  const colours = themeColours();
  const seen = stage.show(peopleShown(), frames);
  if (stage.figures) get("stage-note").textContent = seen[0] ? "" : "nobody found";
  if (overlay.size) overlay.show(state.chosen, frames[0], colours);
  plots.show(state.seconds, frames);
  get("scrub").value = frames[longest()];
  const frame = frames[longest()];
  get("moment").textContent = first.isVideo ? `${state.seconds.toFixed(2)} s · frame ${frame}` : `picture ${frame}`;
}

const longest = () => (data.results.length > 1 && lengthOf(data.results[1]) >= duration ? 1 : 0);

function seek(seconds, { moveVideo = true } = {}) {
  const result = data.results[longest()];
  const frame = frameAt(result, Math.max(seconds, 0));
  state.seconds = secondsOf(result, frame < 0 ? result.frames - 1 : frame);
  if (moveVideo && overlay.withVideo) {
    const shown = frameAt(first, state.seconds);
    video.currentTime = secondsOf(first, shown < 0 ? first.frames - 1 : shown) + 0.5 / first.fps;
  }
  show();
}

function step(frames) {
  pause();
  seekFrame(frameAt(data.results[longest()], state.seconds) + frames);
}

function seekFrame(frame) {
  const result = data.results[longest()];
  seek(secondsOf(result, Math.min(Math.max(frame, 0), result.frames - 1)) + 1e-6);
}

function play() {
  const { fps } = data.results[longest()];
  if (state.seconds >= duration - 1.5 / fps) seek(0);
  state.playing = true;
  get("play").setAttribute("aria-label", "pause");
  document.body.classList.add("playing");
  if (overlay.withVideo) {
    state.pictureSeconds = null; // the last picture may be of before a jump
    video.play().catch(() => {});
  }
  let before = performance.now();
  let exact = state.seconds;
  const tick = (now) => {
    if (!state.playing) return;
    exact += ((now - before) / 1000) * state.speed;
    before = now;
    if (overlay.withVideo && !video.ended && video.readyState > 1) exact = videoMoment();
    if (exact >= duration) exact = restart();
    seek(exact, { moveVideo: false });
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}

// The moment of the picture that is on the screen, where the browser tells; a quarter of a frame later, so that
// rounding does not fall back into the frame before.
function videoMoment() {
  const shown = video.requestVideoFrameCallback && state.pictureSeconds !== null ? state.pictureSeconds : video.currentTime;
  return shown + 0.25 / first.fps;
}

function watchPictures() {
  state.pictureSeconds = null;
  const note = (_, { mediaTime }) => {
    state.pictureSeconds = mediaTime;
    video.requestVideoFrameCallback(note);
  };
  video.requestVideoFrameCallback?.(note);
}

function restart() {
  if (overlay.withVideo) {
    video.currentTime = 0;
    state.pictureSeconds = null;
    video.play().catch(() => {});
  }
  return 0;
}

function pause() {
  if (!state.playing) return;
  state.playing = false;
  video.pause();
  get("play").setAttribute("aria-label", "play");
  document.body.classList.remove("playing");
  seek(state.seconds); // the video to exactly the frame whose pose is shown
}

const toggle = () => (state.playing ? pause() : play());

function themeColours() {
  const colours = data.colours[state.theme];
  const dark = state.theme === "dark";
  return { ...colours, shadowInk: dark ? "#000000" : colours.ink, shadowPart: dark ? 0.45 : 0.16 };
}

function setTheme(theme) {
  state.theme = theme;
  document.documentElement.dataset.theme = theme;
  for (const [name, colour] of Object.entries(data.colours[theme])) {
    document.documentElement.style.setProperty(`--${name}`, colour);
  }
  get("theme").setAttribute("aria-label", theme === "dark" ? "light colours" : "dark colours");
  stage.paint(themeColours());
}

function choose(number) {
  state.chosen = number;
  plots.choose(peopleShown());
  show();
}

const named = ({ name, model }) => (model ? `${name}, 3D by ${model}` : name);

function fillHeader() {
  get("title").textContent = first.source || first.name;
  get("model").textContent = named(first);
  if (data.results.length > 1) {
    get("versus").textContent = named(data.results[1]);
    get("versus-line").hidden = get("compare-box").hidden = false;
  }
  document.body.classList.toggle("still", data.results.every((result) => result.frames === 1));
  const picker = get("person");
  first.people.forEach((person, number) => picker.append(new Option(`person ${person.id}`, number)));
  get("person-box").hidden = first.people.length < 2;
}

function listen() {
  get("play").addEventListener("click", toggle);
  get("scrub").max = data.results[longest()].frames - 1;
  get("scrub").addEventListener("input", (event) => {
    pause();
    seekFrame(Number(event.target.value));
  });
  get("speed").addEventListener("change", (event) => {
    state.speed = Number(event.target.value);
    video.playbackRate = state.speed;
  });
  get("person").addEventListener("change", (event) => choose(Number(event.target.value)));
  get("compare").addEventListener("change", (event) => {
    stage.arrange(event.target.value);
    show();
  });
  get("theme").addEventListener("click", () => {
    setTheme(state.theme === "dark" ? "light" : "dark");
    show();
  });
  document.querySelectorAll("[data-view]").forEach((button) =>
    button.addEventListener("click", () => stage.look(Number(button.dataset.view))),
  );
  get("stage").addEventListener("pointermove", nameJoint);
  get("stage").addEventListener("pointerleave", () => (get("tip").hidden = true));
  document.addEventListener("keydown", onKey);
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", () => {
    setTheme(system.matches ? "dark" : "light");
    show();
  });
  setTheme(system.matches ? "dark" : "light");
  new ResizeObserver(() => {
    stage.resize();
    show();
  }).observe(get("panels"));
}

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.tagName === "SELECT") return;
  const actions = {
    " ": toggle,
    ArrowLeft: () => step(event.shiftKey ? -10 : -1),
    ArrowRight: () => step(event.shiftKey ? 10 : 1),
    Home: () => step(-Infinity),
    End: () => (pause(), seek(duration)),
  };
  for (const view of [1, 2, 3, 4]) actions[view] = () => stage.look(view);
  if (actions[event.key]) {
    event.preventDefault();
    actions[event.key]();
  }
}

// What is under the pointer: the joint's name, and how sure it is.
function nameJoint(event) {
  const found = stage.jointAt(event.offsetX, event.offsetY);
  const tip = get("tip");
  tip.hidden = !found;
  if (!found) return;
  const { number, joint, left, top } = found;
  const { joints } = data.results[number].skeleton;
  const person = peopleShown()[number];
  const at = frameAt(data.results[number], state.seconds) * joints.length + joint;
  const words = [joints[joint].replaceAll("_", " "), `confidence ${person.confidence[at].toFixed(2)}`];
  const expected = person.expected?.[at];
  if (Number.isFinite(expected)) words.push(`expected error ${Math.round(1000 * expected)} mm`);
  tip.textContent = words.join(" · ");
  tip.style.left = `${left}px`;
  tip.style.top = `${top}px`;
}

function openVideo() {
  const url = readVideo(data.videoType);
  if (!url) return;
  video.addEventListener("error", () => {
    overlay.withVideo = false;
    video.hidden = true;
    get("picture-note").textContent = "this browser cannot play the video";
    show();
  });
  overlay.withVideo = true;
  video.hidden = false;
  video.muted = true;
  video.src = url;
  watchPictures();
}

fillHeader();
get("picture").hidden = !overlay.size && !data.videoType;
if (overlay.size) {
  const [, , width, height] = overlay.window();
  document.documentElement.style.setProperty("--picture", data.videoType ? overlay.size[0] / overlay.size[1] : width / height);
}
openVideo();
plots.choose(peopleShown());
listen();
seek(secondsOf(first, first.start) + 1e-6); // the first frame may show nobody
document.body.dataset.ready = "yes";
