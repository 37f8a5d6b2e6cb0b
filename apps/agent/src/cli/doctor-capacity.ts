import {
  asMicroscalingError,
  isMicroscalingError,
  type Amounts,
  type Clock,
  type Counts,
  type Finding,
  INSTANCES,
} from "@microscaling/core";
import { withDeadline, type EngineSpec } from "@microscaling/engine";
import { limitOf, lineOf, type DoctorLine } from "./doctor-line.ts";
import type { SchedulerExam } from "./doctor-scheduler.ts";

/** Compares the capacity with what runs, if that is known. */
export function examineUse(
  { capacity, tasks }: EngineSpec,
  counts: SchedulerExam["counts"],
): DoctorLine[] {
  if (counts === undefined) return [];
  return Object.entries(capacity).map(([resource, there]) => {
    let used = 0;
    for (const { name, uses } of tasks) {
      const count = counts.get(name);
      if (count !== undefined && !isMicroscalingError(count))
        used += (uses[resource] ?? 0) * presentOf(count);
    }
    return lineOf("capacity", describeUse(resource, used, there));
  });
}

const presentOf = ({ running, starting, stopping }: Counts): number =>
  running + starting + stopping;

function describeUse(resource: string, used: number, there: number): Finding {
  const message = `${resource}: ${used} of ${there} in use`;
  // A little more, since amounts are sums of fractions.
  if (used <= there * (1 + 1e-9)) return { level: "ok", message };
  const advice =
    "The agent stops what is too much, the least important first; raise it if that is not meant.";
  return { level: "warning", message, advice };
}

/** Compares the capacity with what the scheduler's backend says it has. */
export async function examineBackend(
  { capacity, scheduler: spec }: EngineSpec,
  clock: Clock,
): Promise<DoctorLine[]> {
  const { name, scheduler } = spec;
  const asked = Object.entries(capacity).filter(([resource]) => resource !== INSTANCES);
  if (scheduler.capacity === undefined || asked.length === 0) return [];
  const what = `scheduler ${name}: say what it can hold`;
  try {
    const has: Amounts = await withDeadline(
      limitOf(spec, clock, what),
      async (signal) => (await scheduler.capacity?.(signal)) ?? {},
    );
    return asked.flatMap(([resource, wanted]) => {
      const there = has[resource];
      if (there === undefined || wanted <= there) return [];
      const message = `${resource}: ${wanted} to share, but ${name} has only ${there}`;
      const advice = `Lower capacity.${resource}.`;
      return [{ about: "capacity", level: "warning", message, advice }];
    });
  } catch (error) {
    const { message } = asMicroscalingError(error, "ERR_PLUGIN_FAULT", what);
    const advice = "It was not compared with what the backend has; see the lines of the scheduler.";
    return [{ about: "capacity", level: "warning", message, advice }];
  }
}
