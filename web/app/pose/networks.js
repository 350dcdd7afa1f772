// The three networks as functions, on any build of ONNX Runtime Web.
import { lifted } from "../generated/tables.js";

// { person, landmarks, lifter }: each gives its outputs by name, flat. kind: wasm or webgpu; files: bytes by name.
export async function networksOf(runtime, kind, files, progress) {
  const [sessions, names] = [{}, Object.keys(files)];
  for (const [number, name] of names.entries()) {
    progress(number / names.length);
    // The lifter is so small that sending it to the graphics card takes longer than running it.
    const executionProviders = [name === "lifter" ? "wasm" : kind];
    sessions[name] = await runtime.InferenceSession.create(files[name], { executionProviders, graphOptimizationLevel: "all" });
  }
  const run = async (session, inputs) => {
    const feeds = Object.entries(inputs).map(([name, [values, shape]]) => [name, new runtime.Tensor("float32", values, shape)]);
    const outputs = await session.run(Object.fromEntries(feeds));
    return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, tensor.data]));
  };
  return {
    person: (values, shape) => run(sessions.person, { image: [values, shape] }),
    landmarks: (values, shape) => run(sessions.landmarks, { image: [values, shape] }),
    lifter: (keypoints, camera, count) =>
      run(sessions.lifter, { keypoints: [keypoints, [count, lifted.joints.length, 2]], camera: [camera, [count, 6]] }),
  };
}
