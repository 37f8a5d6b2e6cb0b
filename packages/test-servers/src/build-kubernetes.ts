import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { bin, buildOnce } from "./build-once.ts";

/** What the one binary is, by the name it is started with. */
export type KubernetesProgram = "etcd" | "kube-apiserver" | "kube-controller-manager";

const VERSION = "1.34.4";
const source = join(import.meta.dirname, "../kubernetes");
const programs: readonly KubernetesProgram[] = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
];

/** Why a Kubernetes control plane cannot run here, in one line; `undefined` when it can. */
export function kubernetesProblem(): string | undefined {
  const [, minor] = /go1\.(\d+)/.exec(goVersion() ?? "") ?? [];
  if (Number(minor) >= 26) return undefined;
  const found = minor === undefined ? "none" : `1.${minor}`;
  return `Kubernetes: it is built with Go 1.26 or newer, found ${found} (https://go.dev/doc/install)`;
}

/**
 * Builds etcd, kube-apiserver and kube-controller-manager into `.servers/bin`, unless that was done. Takes some minutes and 2 GB of
 * memory the first time, and needs the Go module proxy for it. Several processes may call it at once: one builds, the others wait.
 * @throws Error with Go's words.
 */
export function buildKubernetes(): Promise<void> {
  return buildOnce(folder(), build);
}

/** The path of a program that {@link buildKubernetes} made. */
export function kubernetesProgram(name: KubernetesProgram): string {
  return join(folder(), name);
}

async function build(part: string): Promise<void> {
  const [major, minor] = VERSION.split(".");
  const words = { gitVersion: `v${VERSION}`, gitMajor: major, gitMinor: minor };
  const flags = Object.entries(words).map(
    ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`,
  );
  await mkdir(part);
  // Nice, since it would otherwise starve the tests that run meanwhile.
  const go = [
    "go",
    "build",
    "-trimpath",
    "-buildvcs=false",
    "-ldflags",
    `-s -w ${flags.join(" ")}`,
  ];
  await promisify(execFile)("nice", [...go, "-o", join(part, "kubernetes"), "."], {
    cwd: source,
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly", GOTOOLCHAIN: "local" },
  });
  for (const name of programs) await symlink("kubernetes", join(part, name));
}

let known: string | undefined;

/** Keyed by what is built and by what: another go.mod or Go gets another folder. */
function folder(): string {
  if (known !== undefined) return known;
  const hash = createHash("sha256");
  for (const file of ["go.mod", "go.sum", "main.go"]) hash.update(readFileSync(join(source, file)));
  const key = hash
    .update(VERSION)
    .update(goVersion() ?? "")
    .digest("hex");
  return (known = join(bin, `kubernetes-${key.slice(0, 12)}`));
}

function goVersion(): string | undefined {
  const { status, stdout } = spawnSync("go", ["version"], { encoding: "utf8" });
  return status === 0 ? stdout : undefined;
}
