// The worker as promises: images in, people out, one at a time.
import { Failure } from "../pose/failure.js";

export class Lifting {
  constructor(engine, onProgress) {
    this.ready = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
    if (typeof WebAssembly !== "object") return void this.reject(new Failure("wasm")); // switched off, as for security
    this.worker = new Worker(new URL("worker.js", document.baseURI), { type: "module" });
    Object.assign(this, { number: 0, onProgress });
    this.worker.onmessage = ({ data }) => this.#on(data);
    this.worker.onerror = ({ message }) => this.#fail(new Failure("broken", message));
    this.worker.postMessage({ type: "load", engine });
  }

  #on(data) {
    if (data.type === "progress") this.onProgress(data.part);
    else if (data.type === "ready") this.resolve(data.engine);
    else if (data.type === "failure") this.#fail(new Failure(data.kind, data.detail));
    else this.answered?.(data);
  }

  #fail(failure) {
    this.reject(failure);
    this.failed?.(failure);
  }

  forget() {
    this.worker.postMessage({ type: "forget" });
  }

  // The people in an image, and the image back.
  lift(image, seconds, options) {
    return new Promise((resolve, reject) => {
      Object.assign(this, { answered: resolve, failed: reject });
      const transfer = image.close ? [image] : [];
      this.worker.postMessage({ type: "frame", number: this.number++, image, seconds, options }, transfer);
    });
  }
}
