import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { bin, buildOnce } from "./build-once.ts";

const source = join(import.meta.dirname, "../nsq");
const programs = ["nsqd", "nsqlookupd"] as const;

/** Why nsqd cannot run here, in one line; `undefined` when it can. */
export function nsqProblem(): string | undefined {
  if (goVersion() !== undefined) return undefined;
  return "nsqd: Go is not installed, and nsqd is built with it (https://go.dev/doc/install, 1.21 or newer)";
}

/**
 * Builds nsqd and nsqlookupd 1.3.0 into `.servers/bin`, unless that was done. Takes half a minute the first time, and needs the Go
 * module proxy for it. Several processes may call it at once: one builds, the others wait.
 * @throws Error with Go's words.
 */
export function buildNsq(): Promise<void> {
  return buildOnce(nsqFolder(), build);
}

/** The path of a program that {@link buildNsq} made. */
export function nsqProgram(name: (typeof programs)[number]): string {
  return join(nsqFolder(), name);
}

async function build(part: string): Promise<void> {
  const packages = programs.map((name) => `github.com/nsqio/nsq/apps/${name}`);
  await promisify(execFile)("go", ["build", "-trimpath", "-o", `${part}/`, ...packages], {
    cwd: source,
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly", GOTOOLCHAIN: "local" },
  });
}

let folder: string | undefined;

/** Keyed by what is built and by what: another go.mod or Go gets another folder. */
function nsqFolder(): string {
  if (folder !== undefined) return folder;
  const key = createHash("sha256")
    .update(readFileSync(join(source, "go.mod")))
    .update(goVersion() ?? "")
    .digest("hex");
  return (folder = join(bin, `nsq-${key.slice(0, 12)}`));
}

function goVersion(): string | undefined {
  const { status, stdout } = spawnSync("go", ["version"], { encoding: "utf8" });
  return status === 0 ? stdout : undefined;
}
