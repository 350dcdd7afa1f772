// Frames a second, and how long each step takes: medians of the last two seconds.
const SECONDS = 2;

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

export class Meter {
  constructor() {
    this.clear();
  }

  clear() {
    this.frames = [];
  }

  // steps: { name: milliseconds }
  add(steps) {
    const now = performance.now();
    this.frames.push({ now, steps });
    this.frames = this.frames.filter((frame) => frame.now > now - 1000 * SECONDS);
  }

  read() {
    const { frames } = this;
    const span = (frames.at(-1).now - frames[0].now) / 1000;
    const names = Object.keys(frames[0].steps);
    const steps = names.map((name) => [name, median(frames.map((frame) => frame.steps[name]))]);
    return { fps: span ? (frames.length - 1) / span : 0, steps: Object.fromEntries(steps) };
  }
}
