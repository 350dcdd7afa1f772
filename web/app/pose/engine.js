// The networks, run by ONNX Runtime Web: on the graphics card where WebGPU can, else in WebAssembly with threads.
import { Failure } from "./failure.js";
import { networksOf } from "./networks.js";
import { warmUp } from "./warm_up.js";

const HERE = new URL(".", import.meta.url);
const MOST_THREADS = 4; // more share too little work
const FILES = { person: "networks/person.onnx", landmarks: "networks/landmarks.onnx", lifter: "networks/lifter.onnx" };

// The kind of engine that this browser can run. WebGPU needs a build of the runtime that waits by JavaScript Promise
// Integration, which not all browsers with WebGPU have.
async function kindOf(wanted) {
  if (wanted === "wasm" || !globalThis.navigator.gpu || !WebAssembly.Suspending) return "wasm";
  const adapter = await globalThis.navigator.gpu.requestAdapter().catch(() => null);
  return adapter && !adapter.info?.isFallbackAdapter ? "webgpu" : "wasm"; // in software, WebAssembly is faster
}

async function runtimeOf(kind) {
  const runtime = kind === "webgpu" ? await import("onnxruntime-web/jspi") : await import("onnxruntime-web/wasm");
  const name = `runtime/ort-wasm-simd-threaded${kind === "webgpu" ? ".jspi" : ""}`;
  const { wasm } = runtime.env;
  wasm.wasmPaths = { mjs: new URL(`${name}.mjs`, HERE).href, wasm: new URL(`${name}.wasm`, HERE).href };
  wasm.numThreads = globalThis.crossOriginIsolated ? Math.min(globalThis.navigator.hardwareConcurrency || 1, MOST_THREADS) : 1;
  runtime.env.logLevel = "error";
  return runtime;
}

async function fetched(file) {
  const answer = await fetch(new URL(file, HERE)).catch(() => null);
  if (!answer?.ok) throw new Failure("download", file);
  return answer;
}

// The networks as functions, run once each, and a description of what runs them. progress is told 0 to 1.
export async function loadNetworks(wanted, progress) {
  const kind = await kindOf(wanted);
  try {
    return await load(kind, progress);
  } catch (error) {
    // A card that is there may still refuse a network, or compute something else.
    if (kind === "webgpu") return load("wasm", progress);
    throw error instanceof Failure ? error : new Failure("wasm", error.message);
  }
}

async function load(kind, progress) {
  const bytes = async (file) => new Uint8Array(await (await fetched(file)).arrayBuffer());
  const [runtime, ...parts] = await Promise.all([runtimeOf(kind), ...Object.values(FILES).map(bytes)]);
  const files = Object.fromEntries(Object.keys(FILES).map((name, number) => [name, parts[number]]));
  const networks = await networksOf(runtime, kind, files, progress);
  const right = await warmUp(networks, await (await fetched("networks/check.json")).json());
  if (!right) throw new Failure("broken", "they compute something else here");
  const threads = runtime.env.wasm.numThreads;
  return { ...networks, description: kind === "webgpu" ? "WebGPU" : `WebAssembly, ${threads} ${threads === 1 ? "thread" : "threads"}` };
}
