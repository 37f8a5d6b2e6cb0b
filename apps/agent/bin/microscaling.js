#!/usr/bin/env node
import module from "node:module";
import { privateCacheFolder } from "./compile-cache.js";

// Plain words for an old Node, which could not even read the program.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`microscaling needs Node 22.19 or newer; this is ${process.version}.\n`);
  process.exit(1);
}
// Compiled code is kept, so that the next start is faster.
const cache = privateCacheFolder(process.env);
if (cache !== undefined) module.enableCompileCache(cache);
await import("../dist/main.js");
