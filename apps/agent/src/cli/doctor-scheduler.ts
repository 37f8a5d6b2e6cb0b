import {
  asMicroscalingError,
  isMicroscalingError,
  MicroscalingError,
  problemOf,
  type Clock,
  type Counts,
  type Finding,
} from "@microscaling/core";
import {
  checkCounts,
  withDeadline,
  type EngineSpec,
  type SchedulerSpec,
  type TaskSpec,
} from "@microscaling/engine";
import { countTasks } from "../log/words.ts";
import { limitOf, lineOf, type DoctorLine } from "./doctor-line.ts";

/** The number of tasks that are checked at the same time. */
const CONCURRENCY = 8;

/** Of each task, by name: what was found, or why nothing could be. */
type Found<T> = ReadonlyMap<string, T | MicroscalingError>;

/** What was found out about the scheduler. */
export interface SchedulerExam {
  readonly lines: readonly DoctorLine[];
  /** By task; absent when the scheduler could not be asked. */
  readonly counts: Found<Counts> | undefined;
}

/** Counts all tasks in one call, and has the plugin check each of them if it can. */
export async function examineScheduler(
  { scheduler, tasks }: EngineSpec,
  clock: Clock,
): Promise<SchedulerExam> {
  const [counts, checks] = await Promise.all([
    observe(scheduler, tasks, clock),
    checkAll(scheduler, tasks, clock),
  ]);
  const named = `scheduler ${scheduler.name}`;
  const isShared = findShared(checks);
  const lost = isMicroscalingError(counts);
  const lines = tasks.flatMap(({ name }) => {
    const count = lost ? undefined : counts.get(name);
    const check = checks.get(name);
    // When nothing can be asked, each check fails for the same reason, which is told once.
    const findings = isMicroscalingError(check) ? (lost ? [] : [problemOf(check)]) : (check ?? []);
    return [
      ...describeCount(count, findings).map((finding) => lineOf(name, finding)),
      ...findings.map((finding) => lineOf(isShared(finding) ? named : name, finding)),
    ];
  });
  const whole = lineOf(named, describeAnswer(counts));
  return { lines: [whole, ...withoutRepeats(lines)], counts: lost ? undefined : counts };
}

/** Reports a finding that is the same for several tasks only once, if all is well. */
function findShared(checks: Found<readonly Finding[]>): (finding: Finding) => boolean {
  const seen = new Set<string>();
  const shared = new Set<string>();
  for (const findings of checks.values())
    for (const { level, message } of isMicroscalingError(findings) ? [] : findings) {
      if (level === "ok" && seen.has(message)) shared.add(message);
      seen.add(message);
    }
  return ({ level, message }) => level === "ok" && shared.has(message);
}

function withoutRepeats(lines: readonly DoctorLine[]): readonly DoctorLine[] {
  return [...new Map(lines.map((line) => [JSON.stringify(line), line])).values()];
}

async function observe(
  spec: SchedulerSpec,
  tasks: readonly TaskSpec[],
  clock: Clock,
): Promise<Found<Counts> | MicroscalingError> {
  const { name: plugin, scheduler } = spec;
  const what = `scheduler ${plugin}: count instances`;
  try {
    const seen = await withDeadline(limitOf(spec, clock, what), (signal) =>
      scheduler.observe(tasks, signal),
    );
    return new Map(tasks.map(({ name }) => [name, countsIn(plugin, name, seen.get(name))]));
  } catch (error) {
    return asMicroscalingError(error, "ERR_PLUGIN_FAULT", what);
  }
}

function countsIn(plugin: string, task: string, counts: unknown): Counts | MicroscalingError {
  try {
    return isMicroscalingError(counts) ? counts : checkCounts(plugin, task, counts);
  } catch (error) {
    return asMicroscalingError(error, "ERR_PLUGIN_RESULT", task);
  }
}

/** Empty when the plugin checks nothing; without some tasks when it was lost on the way. */
async function checkAll(
  spec: SchedulerSpec,
  tasks: readonly TaskSpec[],
  clock: Clock,
): Promise<Found<readonly Finding[]>> {
  const found = new Map<string, readonly Finding[] | MicroscalingError>();
  if (spec.scheduler.check === undefined) return found;
  const left = tasks.values();
  let lost = false;
  async function work(): Promise<void> {
    for (const task of left) {
      if (lost) return;
      const findings = await checkOne(spec, task, clock);
      found.set(task.name, findings);
      // Each of thousands would wait for as long.
      lost ||= isMicroscalingError(findings) && findings.code === "ERR_DEADLINE";
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return found;
}

async function checkOne(
  spec: SchedulerSpec,
  { name, workload }: TaskSpec,
  clock: Clock,
): Promise<readonly Finding[] | MicroscalingError> {
  const { name: plugin, scheduler } = spec;
  const what = `scheduler ${plugin}: check ${name}`;
  try {
    const findings: unknown = await withDeadline(limitOf(spec, clock, what), async (signal) =>
      scheduler.check?.({ name, workload }, signal),
    );
    return assertFindings(findings, what);
  } catch (error) {
    return asMicroscalingError(error, "ERR_PLUGIN_FAULT", what);
  }
}

function isFinding(one: Partial<Finding> | null): boolean {
  const level = String(one?.level);
  return ["ok", "warning", "problem"].includes(level) && typeof one?.message === "string";
}

function assertFindings(findings: unknown, what: string): readonly Finding[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is looked at right here
  const list = findings as readonly Finding[];
  if (Array.isArray(findings) && list.every(isFinding)) return list;
  throw new MicroscalingError(
    "ERR_PLUGIN_RESULT",
    `${what}: expected a list of findings, found something else`,
  );
}

function describeAnswer(counts: Found<Counts> | MicroscalingError): Finding {
  if (isMicroscalingError(counts)) return problemOf(counts);
  const known = [...counts.values()].filter((count) => !isMicroscalingError(count)).length;
  const of = known === counts.size ? "" : `${known} of `;
  return { level: "ok", message: `answers, and counted ${of}${countTasks(counts.size)}` };
}

/** If a check has found a problem with a task, only the check's words are shown. */
function describeCount(
  count: Counts | MicroscalingError | undefined,
  findings: readonly Finding[],
): Finding[] {
  if (count === undefined) return [];
  if (isMicroscalingError(count))
    return findings.some(({ level }) => level === "problem") ? [] : [problemOf(count)];
  const { running, starting, stopping } = count;
  const more = Object.entries({ starting, stopping }).filter(([, n]) => n > 0);
  const message = [`${running} running`, ...more.map(([state, n]) => `${n} ${state}`)].join(", ");
  return [{ level: "ok", message }];
}
