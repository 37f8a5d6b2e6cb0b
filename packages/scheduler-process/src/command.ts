import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, resolve } from "node:path";

import type { Finding } from "@microscaling/core";

import { environmentOf } from "./environment.ts";
import type { ProcessWorkload } from "./options.ts";

const problem = (message: string, advice: string): Finding => ({
  level: "problem",
  message,
  advice,
});

/** Why the command cannot run, for people; `undefined` if it can. */
export async function faultOf(workload: ProcessWorkload): Promise<string | undefined> {
  const { level, message, advice } = await findCommand(workload);
  return level === "ok" ? undefined : `${message}; ${advice}`;
}

/** Looks for the command where it would run. */
export async function findCommand({ command, cwd, env }: ProcessWorkload): Promise<Finding> {
  const folder = resolve(cwd ?? ".");
  if (!(await isFolder(folder)))
    return problem(`cwd ${folder} is not a folder`, "create the folder or correct cwd");
  const [program] = command;
  if (program.includes("/")) {
    const file = resolve(folder, program);
    if (await isExecutable(file)) return isAt(program, file);
    return problem(`${file} is not an executable file`, "correct command or its permissions");
  }
  const path = environmentOf(env)["PATH"] ?? "";
  for (const part of path.split(delimiter)) {
    const file = resolve(folder, part, program);
    if (await isExecutable(file)) return isAt(program, file);
  }
  return problem(
    `command ${program} was not found in PATH ${path || "(empty)"}, from cwd ${folder}`,
    "install the program or give its full path",
  );
}

const isAt = (program: string, file: string): Finding => ({
  level: "ok",
  message: `command ${program} is ${file}`,
});

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
