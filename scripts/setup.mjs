// Sets up a fresh checkout with only Node 20 and npm: installs what pnpm-lock.yaml says, and with --build also builds.
// Plain JavaScript, because the machine's own Node may be too old to run TypeScript. The install brings Node 24 for the rest.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PNPM = "pnpm@12.21.0";
const OLDEST_NODE = 20;

/** The checkout. */
export const root = fileURLToPath(new URL("..", import.meta.url));
/** Node 24, once installed. */
export const node = join(root, "node_modules/.bin/node");

const stamp = join(root, "node_modules/.microscaling-setup");
const manifests = ["pnpm-lock.yaml", "pnpm-workspace.yaml"];

/** The environment of every tool: `node_modules/.bin` comes first in PATH, and telemetry is off. */
export function toolEnv() {
  const path = `${join(root, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`;
  return { ...process.env, PATH: path, DO_NOT_TRACK: "1", TURBO_TELEMETRY_DISABLED: "1" };
}

/**
 * The command line that runs pnpm. The machine does not need pnpm.
 * @param {string[]} args arguments for pnpm
 */
export function pnpm(args) {
  return ["npx", "-y", PNPM, ...args];
}

/**
 * Installs if the lockfile has changed since the last time, and builds if asked to.
 * @param {{ build?: boolean }} what
 * @throws Error that says what failed, its output and what to do.
 */
export function setUp({ build = false } = {}) {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < OLDEST_NODE) {
    throw new Error(
      `Node ${OLDEST_NODE} or newer is required, but this is ${process.version}. Install a newer Node.`,
    );
  }
  install();
  if (build) {
    run(
      pnpm(["exec", "turbo", "run", "build", "--output-logs=errors-only"]),
      "The build failed. Fix the errors above, then run the command again.",
    );
  }
}

/**
 * The text to show for something that was thrown.
 * @param {unknown} error
 */
export function wordsOf(error) {
  return error instanceof Error ? error.message : String(error);
}

function install() {
  const hash = createHash("sha256");
  for (const file of manifests) hash.update(readFileSync(join(root, file)));
  const wanted = hash.digest("hex");
  if (existsSync(node) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  process.stderr.write("Installing the development tools (once) ...\n");
  run(
    pnpm(["install", "--frozen-lockfile"]),
    "The installation failed. Check that npm can reach its registry (npm ping), then run the command again. " +
      "If the lockfile is behind package.json, run: npx -y " +
      `${PNPM} install`,
  );
  writeFileSync(stamp, wanted);
}

/**
 * @param {string[]} command
 * @param {string} todo
 */
function run([program = "", ...args], todo) {
  const done = spawnSync(program, args, { cwd: root, env: toolEnv(), encoding: "utf8" });
  if (done.status === 0) return;
  const said = done.error === undefined ? `${done.stdout}${done.stderr}` : done.error.message;
  throw new Error(`${said.trim()}\n\n${todo}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    setUp({ build: process.argv.includes("--build") });
  } catch (error) {
    process.stderr.write(`${wordsOf(error)}\n`);
    process.exitCode = 1;
  }
}
