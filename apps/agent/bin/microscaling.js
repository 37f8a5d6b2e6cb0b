#!/usr/bin/env node
// Plain words for an old Node, which could not even read the program.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`microscaling needs Node 22.19 or newer; this is ${process.version}.\n`);
  process.exit(1);
}
await import("../dist/main.js");
