import { startOne } from "./memory-scheduler.ts";
import { other, type Row } from "./scheduler-rows.ts";

const [sound, unsound, away] = [
  "check: finds no problem with a task that can run",
  "check: finds a problem with a task that cannot run, and says what to do",
  "check: fails, or finds a problem, while the backend is away",
];

/** Faults of `check`. */
export const checkRows: readonly Row[] = [
  other("doubts everything", [sound], (good) => ({
    ...good,
    check: (task, signal) => good.check({ ...task, workload: { absent: true } }, signal),
  })),
  other("likes everything", [unsound], (good) => ({
    ...good,
    check: (task, signal) => good.check({ ...task, workload: {} }, signal),
  })),
  other("gives no advice", [unsound], (good) => ({
    ...good,
    check: async (task, signal) =>
      (await good.check(task, signal)).map(({ level, message }) => ({ level, message })),
  })),
  other("says nothing of what is well", [sound], (good) => ({
    ...good,
    check: async (task, signal) =>
      (await good.check(task, signal)).filter(({ level }) => level !== "ok"),
  })),
  other("checks from memory", [away], (good, world) => ({
    ...good,
    check: async (task, signal) =>
      world.outage ? [{ level: "ok", message: "it was well" }] : good.check(task, signal),
  })),
  other("throws what nobody can look up when it checks", [away], (good, world) => ({
    ...good,
    check: async (task, signal) => {
      if (world.outage) throw new Error("ECONNREFUSED");
      return good.check(task, signal);
    },
  })),
  other("tries it out", ["check: changes nothing"], (good, world) => ({
    ...good,
    check: async (task, signal) => {
      const findings = await good.check(task, signal);
      if (task.workload.absent !== true) void startOne(world, task);
      return findings;
    },
  })),
];
