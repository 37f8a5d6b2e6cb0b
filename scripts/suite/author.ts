import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pnpm } from "../setup.mjs";
import { fail, inTempFolder, pass, root, run, type Result, type Step } from "./step.ts";

const PAGE = "docs/writing-a-plugin.md";
/** What an author and a user install, and all that this needs of ours. */
const PACKED = [
  "core",
  "plugin-kit",
  "conformance",
  "engine",
  "simulator",
  "agent",
  "scheduler-toy",
];

/** A block of the page: a file or commands, and in whose folder. */
interface Block {
  readonly line: number;
  readonly language: string;
  /** `file=…` and `run` of the metric's author, `scheduler` of the scheduler's, `user` of who installs the metric. */
  readonly mark: string;
  readonly text: string;
}

/** Does all that the page for authors of plugins says, in empty folders outside of the checkout, against the packed packages. */
export const authorStep: Step = {
  name: `${PAGE}, from an empty folder`,
  run: () => inTempFolder((packs) => inTempFolder((home) => follow(packs, home))),
};

async function follow(packs: string, home: string): Promise<Result> {
  const filters = PACKED.flatMap((name) => ["--filter", `@microscaling/${name}`]);
  const packed = await run(pnpm(["-r", ...filters, "pack", "--pack-destination", packs]));
  if (packed.code !== 0) return fail(packed.output);
  const tarballs = new Map(
    readdirSync(packs).map((file) => [nameOf(file), join(packs, file)] as const),
  );

  const folders = { metric: "", scheduler: "", user: "" };
  for (const who of Object.keys(folders) as (keyof typeof folders)[]) {
    folders[who] = join(home, who);
    mkdirSync(folders[who]);
  }
  writeFileSync(join(folders.user, "package.json"), "{}");
  const blocks = blocksOf(readFileSync(join(root, PAGE), "utf8"));
  const begun = new Set<string>();
  for (const block of blocks) {
    const who = /^(scheduler|user)\b/.exec(block.mark)?.[1] ?? "metric";
    if (who === "scheduler" && !begun.has(who)) await beginScheduler(folders, tarballs);
    begun.add(who);
    const problem = await doBlock(block, folders, who as keyof typeof folders, tarballs);
    if (problem !== undefined) return fail(`${PAGE}:${block.line}: ${problem}`);
  }
  return begun.size === 3 ? pass() : fail(`${PAGE}: no blocks for ${Object.keys(folders).join()}`);
}

type Folders = Readonly<Record<"metric" | "scheduler" | "user", string>>;
type Tarballs = ReadonlyMap<string, string>;

/** "The same three files in another folder": two of them, and what was installed. */
async function beginScheduler(folders: Folders, tarballs: Tarballs): Promise<void> {
  for (const file of ["package.json", "tsconfig.json"]) {
    const text = readFileSync(join(folders.metric, file), "utf8");
    const renamed = text.replaceAll("metric-spool", "scheduler-child");
    writeFileSync(join(folders.scheduler, file), renamed);
  }
  const names = Object.keys(
    (JSON.parse(readFileSync(join(folders.metric, "package.json"), "utf8")) as Manifest)
      .devDependencies ?? {},
  );
  await run(shell(`npm install ${["zod", ...names].join(" ")}`, folders, tarballs), {
    cwd: folders.scheduler,
  });
}

interface Manifest {
  readonly devDependencies?: Readonly<Record<string, string>>;
}

async function doBlock(
  { language, mark, text }: Block,
  folders: Folders,
  who: keyof Folders,
  tarballs: Tarballs,
): Promise<string | undefined> {
  const cwd = folders[who];
  const file = /=(.+)$/.exec(mark)?.[1];
  if (file !== undefined) {
    mkdirSync(dirname(join(cwd, file)), { recursive: true });
    writeFileSync(join(cwd, file), text);
    return undefined;
  }
  if (language !== "sh") return `a block of ${language} without a file`;
  for (const command of text.trim().split("\n")) {
    const { code, output } = await run(shell(command, folders, tarballs), { cwd });
    if (code !== 0) return `${command} ended with exit code ${code}:\n${output}`;
  }
  return undefined;
}

/** Our packages are those that were packed, and the metric's is where its author packed it. */
function shell(command: string, { metric }: Folders, tarballs: Tarballs): string[] {
  const ours = command
    .replaceAll(/@microscaling\/[\w-]+/g, (name) => tarballs.get(name) ?? name)
    .replace(/\.\/(?=microscaling-metric-)/, `${metric}/`);
  if (!ours.startsWith("npm install")) return ["sh", "-c", ours];
  // What the agent itself needs of ours is not published yet either.
  const needed = ours.includes("agent") ? [...tarballs.values()].join(" ") : "";
  return ["sh", "-c", `${ours} ${needed} --no-audit --no-fund`];
}

/** `@microscaling/plugin-kit` of `microscaling-plugin-kit-0.0.0.tgz`. */
function nameOf(tarball: string): string {
  return `@${tarball.replace(/-\d[\w.-]*\.tgz$/, "").replace("-", "/")}`;
}

function blocksOf(page: string): Block[] {
  return [...page.matchAll(/^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm)].map(
    ({ index, 1: language = "", 2: mark = "", 3: text = "" }) => ({
      line: page.slice(0, index).split("\n").length,
      language,
      mark,
      text,
    }),
  );
}
