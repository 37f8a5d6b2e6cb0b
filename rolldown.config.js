// Run in a package's folder: makes its JavaScript, one file for what is imported together, since each file costs a start half a
// millisecond. The types next to it are tsc's. Dependencies stay outside; of a library that is only a devDependency, what is used is taken
// in: for one that is large and used for little.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { defineConfig } from "rolldown";

/** @type {{ dependencies?: object, peerDependencies?: object }} */
const manifest = JSON.parse(readFileSync("package.json", "utf8"));
const outside = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });

/** What several of the agent's commands need: `program` before the command is known, `agent` by those that read a config. */
const groups = [
  {
    name: "program",
    test: /agent\/src\/(log\/redact|plugins\/known|config\/find|cli\/(context|exit-codes|format-error|parse-capacity))\.ts$/,
  },
  { name: "agent", test: /agent\/src\/(config|log|plugins|run)\/.*\.ts$/ },
];

// Chunks that are made no more must not be published. The types beside them are tsc's to keep.
rmSync("dist/chunks", { recursive: true, force: true });

export default defineConfig({
  input: ["src/index.ts", "src/main.ts"].filter((file) => existsSync(file)),
  platform: "node",
  external: (id) => outside.some((name) => id === name || id.startsWith(`${name}/`)),
  treeshake: { moduleSideEffects: [{ test: /node_modules/, sideEffects: false }] },
  output: {
    dir: "dist",
    sourcemap: true,
    chunkFileNames: "chunks/[name].js",
    codeSplitting: { groups },
  },
});
