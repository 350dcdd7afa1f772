// Calls functions of web/app for a test in Python: JSON in, JSON out.
// In: [{ module, name, args, steps }]; with steps, [[method, args], ...], `name` is a class. { "f32": [...] } and
// { "u8": [...] } are typed arrays. Out: the results, in order; NaN is null.
import { readFileSync } from "node:fs";

const revive = (_, value) => (value?.f32 ? Float32Array.from(value.f32, (each) => each ?? NaN) : value?.u8 ? Uint8Array.from(value.u8) : value);
const plain = (_, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value instanceof Map ? [...value] : value);

const results = [];
for (const { module, name, args, steps } of JSON.parse(readFileSync(0, "utf8"), revive)) {
  const target = (await import(new URL(`../../../web/app/${module}`, import.meta.url)))[name];
  if (!steps) results.push(target(...args));
  else {
    const made = new target(...args);
    results.push(steps.map(([method, parts]) => made[method](...parts)));
  }
}
process.stdout.write(JSON.stringify(results, plain));
