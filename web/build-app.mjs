// Bundles app/ into dist/, the folder that `ampose app` serves. Run it as `make app`, which first puts the networks there.
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const [from, to, modules] = ["app", "dist", "node_modules"];
const RUNTIME = ["ort-wasm-simd-threaded", "ort-wasm-simd-threaded.jspi"].flatMap((name) => [`${name}.mjs`, `${name}.wasm`]);
const MICROSOFT = "Copyright (c) Microsoft Corporation. All rights reserved.";

const filesIn = (folder) =>
  readdirSync(folder, { recursive: true })
    .filter((name) => statSync(`${folder}/${name}`).isFile())
    .map((name) => name.replaceAll("\\", "/"))
    .sort();

rmSync(`${to}/scripts`, { recursive: true, force: true });
await build({
  entryPoints: { "scripts/main": `${from}/main.js`, worker: `${from}/pose/worker.js` },
  outdir: to,
  bundle: true,
  splitting: true,
  chunkNames: "scripts/[name]-[hash]",
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "ascii",
  legalComments: "none", // LICENSES.txt has them whole
  conditions: ["onnxruntime-web-use-extern-wasm"], // the runtime's WASM stays a file of its own
});
mkdirSync(`${to}/runtime`, { recursive: true });
for (const name of RUNTIME) copyFileSync(`${modules}/onnxruntime-web/dist/${name}`, `${to}/runtime/${name}`);
for (const name of filesIn(`${from}/static`)) copyFileSync(`${from}/static/${name}`, `${to}/${name}`);

// What is bundled, unmodified, and on what terms. ONNX Runtime Web's package states its licence (MIT) without the text.
const read = (name) => readFileSync(`${modules}/${name}`, "utf8").trim();
const packageOf = (name) => JSON.parse(read(`${name}/package.json`));
const mit = read("three/LICENSE");
const terms = {
  three: mit,
  "onnxruntime-web": mit.replace(/^Copyright.*$/m, MICROSOFT),
  mediabunny: `Its source is the npm package of this name and version.\n\n${read("mediabunny/LICENSE")}`,
};
const notices = Object.entries(terms).map(([name, text]) => `${name} ${packageOf(name).version} (${packageOf(name).license})\n\n${text}\n`);
writeFileSync(`${to}/LICENSES.txt`, notices.join(`\n${"-".repeat(80)}\n\n`));

// The service worker keeps exactly these files, under a name that changes with any of them.
const kept = filesIn(to).filter((name) => name !== "service-worker.js" && !name.endsWith(".jspi.wasm") && !name.endsWith(".map"));
const hash = createHash("sha256");
for (const name of kept) hash.update(`${name}\0`).update(readFileSync(`${to}/${name}`));
const worker = readFileSync(`${from}/service-worker.js`, "utf8");
const list = JSON.stringify(kept.map((name) => (name === "index.html" ? "./" : name)));
writeFileSync(`${to}/service-worker.js`, worker.replace("__FILES__", list).replace("__VERSION__", JSON.stringify(hash.digest("hex").slice(0, 12))));

const sizes = kept.map((name) => gzipSync(readFileSync(`${to}/${name}`), { level: 9 }).length);
console.log(`${to}: ${kept.length} files, ${(sizes.reduce((a, b) => a + b) / 1e6).toFixed(1)} MB to download compressed`);
