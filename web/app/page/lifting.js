// The worker as promises: images in, people out.
import { Failure } from "../pose/failure.js";

export class Lifting {
  constructor(engine, onProgress) {
    this.ready = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
    if (typeof WebAssembly !== "object") return void this.reject(new Failure("wasm")); // switched off, as for security
    this.worker = new Worker(new URL("worker.js", document.baseURI), { type: "module" });
    Object.assign(this, { number: 0, onProgress, asked: new Map() });
    this.worker.onmessage = ({ data }) => this.#on(data);
    this.worker.onerror = ({ message }) => this.#fail(new Failure("broken", message));
    this.worker.postMessage({ type: "load", engine });
  }

  // An answer goes to whoever asked with its number: two of them may wait for a moment, as when a source is changed.
  #on({ type, number, ...data }) {
    if (type === "progress") this.onProgress(data.part);
    else if (type === "ready") this.resolve(data.engine);
    else if (type === "failure") this.#fail(new Failure(data.kind, data.detail), number);
    else this.#take(number).resolve(data);
  }

  #take(number) {
    const promise = this.asked.get(number);
    this.asked.delete(number);
    return promise;
  }

  // One image failed, or without a number everything.
  #fail(failure, number) {
    if (number !== undefined) return this.#take(number).reject(failure);
    this.reject(failure);
    for (const each of this.asked.keys()) this.#take(each).reject(failure);
  }

  forget() {
    this.worker.postMessage({ type: "forget" });
  }

  // The people in an image, and the image back.
  lift(image, seconds, options) {
    const number = this.number++;
    return new Promise((resolve, reject) => {
      this.asked.set(number, { resolve, reject });
      this.worker.postMessage({ type: "frame", number, image, seconds, options }, [image]);
    });
  }
}
