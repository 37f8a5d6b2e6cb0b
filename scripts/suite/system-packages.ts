import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fail, pass, run, type Result, type Step } from "./step.ts";

/** What the real servers need from Debian: the package, and a program that shows that it is installed. */
const NEEDED: readonly (readonly [name: string, program: string])[] = [
  ["docker.io", "dockerd"],
  ["iptables", "iptables"],
  ["iproute2", "ip"],
  ["busybox-static", "busybox"],
  ["default-jre-headless", "java"],
  ["maven", "mvn"],
];

/** Installs what is missing with apt-get. Only with CI=true or `--install`. */
export const systemPackagesStep: Step = { name: "system packages", run: install };

async function install(): Promise<Result> {
  const missing = NEEDED.filter(([, program]) => !isInstalled(program)).map(([name]) => name);
  if (missing.length === 0) return pass();
  if (!isInstalled("apt-get") || process.getuid?.() !== 0) {
    return fail(
      `Install ${missing.join(", ")} yourself, because --install needs apt-get and root.`,
    );
  }
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const update = await run(["apt-get", "update", "-q"], { env });
  if (update.code !== 0) return fail(update.output);
  const apt = ["apt-get", "install", "-y", "-q", "--no-install-recommends", ...missing];
  const installed = await run(apt, { env });
  return installed.code === 0 ? pass() : fail(installed.output);
}

function isInstalled(program: string): boolean {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders.some((folder) => existsSync(join(folder, program)));
}
