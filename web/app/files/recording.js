// What was recorded, frame by frame, until it is written as a file: ampose.pipeline.live.LiveRecording.
import { blazepose, camera, oneEuro } from "../generated/tables.js";
import { cameraOf } from "../pose/camera.js";

// What the lifter's build says of itself: model, hash of the weights, normalisation ...
const lifter = fetch(new URL("networks/lifter.json", document.baseURI)).then((answer) => answer.json());

export class Recording {
  constructor({ name, engine, options }) {
    Object.assign(this, { frames: [], size: null, name, engine, options });
    lifter.then((facts) => (this.facts = facts));
  }

  add(seconds, people, size) {
    this.size ??= size;
    this.frames.push({ seconds, people });
  }

  get times() {
    return this.frames.map(({ seconds }) => seconds - this.frames[0].seconds);
  }

  // Frames a second on average; null of a single one.
  get rate() {
    return this.frames.length > 1 ? (this.frames.length - 1) / this.times.at(-1) : null;
  }

  // Everybody by number: { id, frames: one for each of the recording's, null without the person }.
  people() {
    const ids = new Set(this.frames.flatMap(({ people }) => people.map(({ id }) => id)));
    return [...ids].sort((a, b) => a - b).map((id) => ({
      id,
      frames: this.frames.map(({ people }) => people.find((person) => person.id === id) ?? null),
    }));
  }

  get provenance() {
    const { fieldOfView, smooth } = this.options;
    const [focal] = cameraOf(...this.size, fieldOfView ?? camera.DEFAULT_FIELD_OF_VIEW);
    return {
      source: this.name,
      detector: blazepose.NAME,
      ...this.facts.provenance,
      focal_px: focal.toFixed(1),
      engine: `ONNX Runtime Web, ${this.engine}`,
      ...(smooth && { smoothing: oneEuro.description }),
    };
  }
}
