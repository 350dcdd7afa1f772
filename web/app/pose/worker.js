// The worker: images come in, people in 3D go out, so that the page never waits for a network.
import { loadNetworks } from "./engine.js";
import { LiveLifter } from "./live.js";
import { PixelReader } from "./pixels.js";

const reader = new PixelReader();
let lifter = null;

const tell = (message, transfer = []) => self.postMessage(message, transfer);

const jobs = {
  async load({ engine }) {
    const networks = await loadNetworks(engine, (part) => tell({ type: "progress", part }));
    lifter = new LiveLifter(networks);
    tell({ type: "ready", engine: networks.description });
  },

  forget: () => lifter.forget(),

  // image: a VideoFrame or an ImageBitmap, which goes back with the answer, or { data, width, height } itself.
  async frame({ number, image, seconds, options }) {
    const start = performance.now();
    const pixels = image.data ? image : await reader.read(image);
    const reading = performance.now() - start;
    const { people, milliseconds } = await lifter.step(pixels, seconds, options);
    const answer = { type: "people", number, seconds, people, size: [pixels.width, pixels.height], milliseconds: { reading, ...milliseconds } };
    if (image.data) tell(answer);
    else tell({ ...answer, image }, [image]);
  },
};

async function work(message) {
  try {
    await jobs[message.type](message);
  } catch ({ kind = "broken", detail, message: words }) {
    message.image?.close?.();
    tell({ type: "failure", number: message.number, kind, detail: detail ?? words });
  }
}

// One job after the other, in the order in which they came.
let last = Promise.resolve();
self.onmessage = ({ data }) => {
  last = last.then(() => work(data));
};
