// Preloaded into a program of ours: at its end it writes which third-party packages its own code has loaded to $BENCH_IMPORTS.
import { writeFileSync } from "node:fs";
import { registerHooks } from "node:module";

const THIRD_PARTY = "/node_modules/";
/** @type {Set<string>} */
const urls = new Set();

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const isOurs = context.parentURL !== undefined && !context.parentURL.includes(THIRD_PARTY);
    if (isOurs && found.url.startsWith("file:") && found.url.includes(THIRD_PARTY))
      urls.add(found.url);
    return found;
  },
});

process.on("exit", () => {
  writeFileSync(process.env["BENCH_IMPORTS"] ?? "", JSON.stringify([...urls]));
});
