import { existsSync, readdirSync, readFileSync } from "node:fs";

/** A process that becomes another program has no environment for some microseconds; threads of the kernel never have. */
const MOST_LOOKS = 100;

/** The living processes that have this variable in their environment, as the system knows them. Linux only. */
export function pidsOf(variable: string, value: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => environmentOf(pid).split("\0").includes(`${variable}=${value}`))
    .map(Number);
}

function environmentOf(pid: string): string {
  let environment = read(`/proc/${pid}/environ`);
  // Only what runs a program has an `exe`: no thread of the kernel, and nothing that has ended.
  for (let looks = 1; environment === "" && looks < MOST_LOOKS; looks++) {
    if (!existsSync(`/proc/${pid}/exe`)) return "";
    environment = read(`/proc/${pid}/environ`);
  }
  return environment;
}

// A process may go between being listed and being read; a zombie has no environment any more.
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
