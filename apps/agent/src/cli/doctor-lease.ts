import { asMicroscalingError, problemOf, type Clock, type Finding } from "@microscaling/core";
import { withDeadline, type EngineSpec, type SchedulerSpec } from "@microscaling/engine";
import { limitOf, lineOf, type DoctorLine } from "./doctor-line.ts";

/** Reads the lease that agents share, if they share one. Writes nothing. */
export async function examineLease(
  { ha, scheduler }: EngineSpec,
  clock: Clock,
): Promise<DoctorLine[]> {
  if (ha === undefined) return [];
  return [lineOf(`lease ${ha.lease}`, await readLease(ha.lease, scheduler, clock))];
}

async function readLease(name: string, spec: SchedulerSpec, clock: Clock): Promise<Finding> {
  const what = `scheduler ${spec.name}: read lease ${name}`;
  try {
    const found = await withDeadline(limitOf(spec, clock, what), async (signal) =>
      spec.scheduler.lease?.(name).read(signal),
    );
    const isFree = found === undefined || found.holder === "";
    return {
      level: "ok",
      message: `can be read; ${isFree ? "no agent holds it" : `its holder is ${found.holder}`}`,
    };
  } catch (error) {
    return problemOf(asMicroscalingError(error, "ERR_PLUGIN_FAULT", what));
  }
}
