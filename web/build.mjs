// Bundles src/ and three.js into the page's one script. Run it as `make web`.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { build } from "esbuild";

const sources = ["build.mjs", "package-lock.json", ...readdirSync("src").map((name) => `src/${name}`)].sort();
const hash = createHash("sha256");
for (const name of sources) hash.update(`${name}\0`).update(readFileSync(name)).update("\0");

const licence = readFileSync("node_modules/three/LICENSE", "utf8").trim();
const banner = `/*! The page of ampose (Apache-2.0), bundled with three.js under this licence:\n${licence}\nsources sha256:${hash.digest("hex")} */`;

await build({
  entryPoints: ["src/main.js"],
  outfile: "../src/ampose/drawing/page/viewer.js",
  bundle: true,
  minify: true,
  format: "esm", // for the await at the top
  target: "es2022",
  charset: "ascii",
  legalComments: "none", // the banner has the whole licence
  banner: { js: banner },
});
