import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startAgent, type Agent } from "./agent.ts";
import type { Fault, Running, Scene, Server, World } from "./fault.ts";
import { sum, watchWorld, type Watcher } from "./watch.ts";

/** The result of a fault. */
export interface Result {
  readonly name: string;
  readonly holds: string;
  /** What was not as it must be; empty when all was. */
  readonly problems: readonly string[];
  /** Until the agent said so, in milliseconds; `undefined` when it did not, or need not. */
  readonly noticedMs: number | undefined;
  /** Until all was right again after the fault's end, in milliseconds. */
  readonly rightMs: number | undefined;
  /** Of the agent, in megabytes. */
  readonly grownMb: number;
  /** What the agent logged. */
  readonly log: readonly string[];
}

/** How long a world may take until it is as it should be before the fault, in milliseconds. */
const SETTLE_MS = 40_000;
/** How long the agent may take to notice, in milliseconds. */
const NOTICE_MS = 5000;
/** How long is looked for what comes too late, in milliseconds: the table says how late. */
const PATIENCE_MS = 60_000;
/** How long it must stay right, in milliseconds. */
const STEADY_MS = 1500;
/** The largest increase of memory in a fault without `grownMb`, in megabytes. */
const GROWN_MB = 80;

/** Runs one fault in a world of its own. What throws in it is a problem like any other. */
export async function runFault<W extends World>(
  fault: Fault<W>,
  server: Server<W>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "microscaling-fault-"));
  let world: W | undefined;
  let agent: Agent | undefined;
  try {
    world = await server.createWorld(folder);
    await writeFile(join(folder, "microscaling.yaml"), world.config);
    agent = startAgent(folder);
    return await runIn({ world, agent, folder }, fault);
  } catch (error) {
    const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return resultOf(fault, { problems: [said], agent });
  } finally {
    await agent?.stop();
    await world?.close().catch((error: unknown) => console.error(error));
    await rm(folder, { recursive: true, force: true });
  }
}

async function runIn<W extends World>(scene: Scene<W>, fault: Fault<W>): Promise<Result> {
  const { world, agent } = scene;
  const watcher = watchWorld(world, agent);
  try {
    if ((await watcher.until(world.before, SETTLE_MS)) === undefined) {
      const problems = [`did not begin: ${words(watcher.last())}, not ${words(world.before)}`];
      return resultOf(fault, { problems, agent });
    }
    watcher.begin();
    const wanted = fault.still === true ? world.before : world.after;
    watcher.guard(fewest(world.before, wanted, fault.kills));
    const begun = performance.now();
    let noticed: number | undefined;
    try {
      noticed = await suffer(scene, fault, begun);
    } finally {
      await fault.heal(scene);
    }
    const healed = performance.now();
    const right = await watcher.until(wanted, PATIENCE_MS);
    // What is lost after this is a fault of its own.
    if (right !== undefined) watcher.guard(wanted);
    await sleep(STEADY_MS);
    const rightMs = right === undefined ? undefined : Math.max(0, right - healed);
    const noticedMs = noticed === undefined ? undefined : noticed - begun;
    const problems = judge(fault, { world, wanted, watcher, rightMs, noticedMs });
    const code = await agent.stop();
    if (code !== 0) problems.push(`the agent ended with ${code}`);
    return resultOf(fault, { problems, agent, rightMs, noticedMs, grownMb: watcher.grownMb() });
  } finally {
    await watcher.end();
  }
}

/** Makes it go wrong for as long as it lasts. @returns when the agent said so, or `undefined`. */
async function suffer<W extends World>(
  scene: Scene<W>,
  fault: Fault<W>,
  begun: number,
): Promise<number | undefined> {
  await fault.inject(scene);
  if (fault.still !== true) await scene.world.change();
  const noticed = await untilSaid(fault, scene.agent, begun);
  await sleep(Math.max(0, begun + (fault.lastsMs ?? 3000) - performance.now()));
  return noticed;
}

/** @returns when it was said, or `undefined`. */
async function untilSaid(
  { says, lastsMs = 0 }: Fault,
  { lines }: Agent,
  begun: number,
): Promise<number | undefined> {
  if (says === undefined) return undefined;
  const end = begun + Math.max(lastsMs, 2 * NOTICE_MS);
  for (;;) {
    const line = lines.find(({ at, said }) => at >= begun && says.test(said));
    if (line !== undefined || performance.now() >= end) return line?.at;
    await sleep(50);
  }
}

interface Seen {
  readonly world: World;
  readonly wanted: Running;
  readonly watcher: Watcher;
  readonly rightMs: number | undefined;
  readonly noticedMs: number | undefined;
}

function judge(fault: Fault, { world, wanted, watcher, ...times }: Seen): string[] {
  const problems: string[] = [];
  const over = watcher.most() - world.capacity - (fault.foreign ?? 0);
  if (over > 0) problems.push(`${over} over capacity`);
  problems.push(...watcher.lost().map((lost) => `lost ${lost}`));
  if (fault.says !== undefined && times.noticedMs === undefined) problems.push("not said");
  else if ((times.noticedMs ?? 0) > NOTICE_MS)
    problems.push(`said after ${seconds(times.noticedMs)}`);
  const allowed = fault.rightMs ?? 5000;
  if (times.rightMs === undefined)
    problems.push(`not right again: ${words(watcher.last())}, not ${words(wanted)}`);
  else if (times.rightMs > allowed) problems.push(`right only after ${seconds(times.rightMs)}`);
  if (watcher.grownMb() > (fault.grownMb ?? GROWN_MB))
    problems.push(`memory grew by ${Math.round(watcher.grownMb())} MB`);
  return problems;
}

function resultOf(
  { name, holds }: Fault,
  found: Partial<Omit<Result, "log">> & { readonly agent?: Agent | undefined },
): Result {
  return {
    name,
    holds,
    problems: found.problems ?? [],
    noticedMs: found.noticedMs,
    rightMs: found.rightMs,
    grownMb: found.grownMb ?? 0,
    log: (found.agent?.lines ?? []).map(({ text }) => text),
  };
}

/** What must exist of each task whatever happens, except of those that the fault itself ends. */
function fewest(a: Running, b: Running, killed: Fault["kills"]): Running {
  if (killed === true) return {};
  const spared = Object.entries(a).filter(([task]) => killed?.includes(task) !== true);
  return Object.fromEntries(spared.map(([task, count]) => [task, Math.min(count, b[task] ?? 0)]));
}

/** As people write it: `0.4 s`; a dash for none. */
export function seconds(ms: number | undefined): string {
  return ms === undefined ? "–" : `${(ms / 1000).toFixed(1)} s`;
}

function words(running: Running): string {
  const tasks = Object.entries(running).map(([task, count]) => `${task} ${count}`);
  return `${tasks.join(", ") || "nothing"} (${sum(running)})`;
}
