import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, resolve } from "node:path";

import { environmentOf } from "./environment.ts";
import type { ProcessWorkload } from "./options.ts";

/** Why the command cannot run, for people; `undefined` when it can. */
export async function faultOf({ command, cwd, env }: ProcessWorkload): Promise<string | undefined> {
  const folder = resolve(cwd ?? ".");
  if (!(await isFolder(folder))) return `cwd ${folder} is not a folder; create it or correct cwd`;
  const [program] = command;
  if (program.includes("/")) {
    const file = resolve(folder, program);
    if (await isExecutable(file)) return undefined;
    return `${file} is not a file that may be executed; correct command or its permissions`;
  }
  const path = environmentOf(env)["PATH"] ?? "";
  for (const part of path.split(delimiter)) {
    if (await isExecutable(resolve(folder, part, program))) return undefined;
  }
  return `command ${program} was not found in PATH ${path || "(empty)"}, from cwd ${folder}; install it or give its full path`;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
