import {
  asMicroscalingError,
  isMicroscalingError,
  type Amounts,
  type Clock,
  type Counts,
  type Finding,
  INSTANCES,
  type MicroscalingError,
} from "@microscaling/core";
import { withDeadline, type EngineSpec } from "@microscaling/engine";
import { limitOf, lineOf, type DoctorLine } from "./doctor-line.ts";
import type { SchedulerExam } from "./doctor-scheduler.ts";

/** Compares the capacity with what runs, if that is known. @param said the capacity that the scheduler's backend reports, if any */
export function examineUse(
  { capacity, measured = [], tasks }: EngineSpec,
  counts: SchedulerExam["counts"],
  said: Amounts | undefined,
): DoctorLine[] {
  if (counts === undefined) return [];
  return Object.entries(capacity).flatMap(([resource, written]) => {
    const there = measured.includes(resource) ? said?.[resource] : written;
    if (there === undefined) return [];
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
  // With a small tolerance, because amounts are sums of fractions.
  if (used <= there * (1 + 1e-9)) return { level: "ok", message };
  const advice =
    "The agent will stop instances until the rest fits, the least important first. If you do not want that, raise the capacity.";
  return { level: "warning", message, advice };
}

/** The capacity that the scheduler's backend reports. */
export interface BackendExam {
  readonly lines: readonly DoctorLine[];
  /** Absent if the backend was not asked or did not answer. */
  readonly said?: Amounts;
}

/** Asks the scheduler's backend for its capacity, and compares the config's capacity with it. */
export async function examineBackend(spec: EngineSpec, clock: Clock): Promise<BackendExam> {
  const { capacity, measured = [] } = spec;
  const { name, scheduler } = spec.scheduler;
  const isAsked = measured.length > 0 || Object.keys(capacity).some((one) => one !== INSTANCES);
  if (scheduler.capacity === undefined || !isAsked) return { lines: [] };
  const what = `scheduler ${name}: capacity`;
  try {
    const said: Amounts = await withDeadline(
      limitOf(spec.scheduler, clock, what),
      async (signal) => (await scheduler.capacity?.(signal)) ?? {},
    );
    return { lines: compare(spec, said), said };
  } catch (error) {
    return {
      lines: examineFailure(asMicroscalingError(error, "ERR_PLUGIN_FAULT", what), measured),
    };
  }
}

function compare(
  { capacity, measured = [], scheduler: { name } }: EngineSpec,
  said: Amounts,
): DoctorLine[] {
  return Object.entries(capacity).flatMap(([resource, wanted]): DoctorLine[] => {
    const there = said[resource];
    if (measured.includes(resource)) {
      if (there !== undefined)
        return [
          { about: "capacity", level: "ok", message: `${resource}: ${name} reports ${there}` },
        ];
      const message = `${resource}: ${name} does not report this amount, only ${Object.keys(said).join(" and ") || "nothing"}`;
      const advice = `Write an amount under capacity.${resource}. Until then, nothing is scaled.`;
      return [{ about: "capacity", level: "problem", message, advice }];
    }
    if (resource === INSTANCES || there === undefined || wanted <= there) return [];
    const message = `${resource}: the config has ${wanted}, but ${name} has only ${there}`;
    return [
      { about: "capacity", level: "warning", message, advice: `Lower capacity.${resource}.` },
    ];
  });
}

function examineFailure(
  { code, message }: MicroscalingError,
  measured: readonly string[],
): DoctorLine[] {
  if (measured.length > 0) {
    const advice = `Fix that, or write an amount for capacity.${measured[0]}. Until then, nothing is scaled.`;
    return [{ about: "capacity", level: "problem", message, advice }];
  }
  // A permission that is needed only for this comparison is not required.
  if (code === "ERR_SCHEDULER_REFUSED") return [];
  const advice =
    "The capacity could not be compared with the backend's. See the lines about the scheduler.";
  return [{ about: "capacity", level: "warning", message, advice }];
}
