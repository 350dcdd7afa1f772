// What went wrong, in a sentence that says what to do.
const SENTENCES = {
  wasm: () => "This browser cannot run WebAssembly, which the networks need: allow it, or take a current Chrome, Edge, Firefox or Safari.",
  download: (file) => `${file} could not be loaded: reload the page while its server is running.`,
  broken: (detail) => `The networks stopped (${detail}): reload the page.`,
  "no-camera": () => "No camera was found: plug one in and try again, or open a video.",
  refused: () => "The camera was not allowed: allow it beside the address of this page and try again, or open a video.",
  busy: () => "Another program is using the camera: close that program and try again, or open a video.",
  insecure: () => "Cameras work on https:// and 127.0.0.1 only: open the page there, or open a video.",
  "no-video": (name) => `${name} is no video that this browser can play: choose an MP4 or WebM file.`,
  nobody: () => "Nobody was visible in the recording, so there is nothing to download.",
};

export const sentenceOf = ({ kind, detail, message }) => (SENTENCES[kind] ?? SENTENCES.broken)(kind in SENTENCES ? detail : message);
