// How fast the app's networks and what is around them are without a page: frames come on stdin, RGBA of WIDTH x HEIGHT.
// `python -m benchmarks.app` calls it: node speed.mjs NETWORKS WIDTH HEIGHT THREADS
import { readFileSync } from "node:fs";
import * as runtime from "onnxruntime-web";
import { LiveLifter } from "./pose/live.js";
import { networksOf } from "./pose/networks.js";
import { warmUp } from "./pose/warm_up.js";

const [folder, width, height, threads] = process.argv.slice(2).map((word) => (Number.isNaN(Number(word)) ? word : Number(word)));
runtime.env.wasm.numThreads = threads;
const files = Object.fromEntries(["person", "landmarks", "lifter"].map((name) => [name, readFileSync(`${folder}/${name}.onnx`)]));
const networks = await networksOf(runtime, "wasm", files, () => {});
await warmUp(networks, JSON.parse(readFileSync(`${folder}/check.json`)));
const lifter = new LiveLifter(networks);

const all = readFileSync(0);
const size = 4 * width * height;
const frames = Array.from({ length: all.length / size }, (_, number) => new Uint8ClampedArray(all.buffer, all.byteOffset + number * size, size));
const options = { fieldOfView: 60, smooth: true, fixSwaps: true };
const steps = [];
const start = performance.now();
for (const [number, data] of frames.entries()) {
  const { milliseconds } = await lifter.step({ data, width, height }, number / 30, options);
  steps.push(milliseconds);
}
process.stdout.write(JSON.stringify({ seconds: (performance.now() - start) / 1000, steps }));
process.exit(0); // the runtime's threads would wait for ever
