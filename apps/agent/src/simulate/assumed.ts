import { formatDuration } from "@microscaling/core";
import type { TaskSpec } from "@microscaling/engine";
import type { SignalSpec } from "@microscaling/simulator";
import type { Recorded } from "./arrivals.ts";
import type { Candidate } from "./candidate.ts";
import type { Load, TaskLoad } from "./load.ts";
import { DEFAULTS, intervalOf, signalOf, tickMs } from "./scenario.ts";

/** The assumptions of a report, one sentence each. */
export function assumptions(candidates: readonly Candidate[], load: Load): string[] {
  const names = new Set(candidates.flatMap(({ spec }) => spec.tasks.map(({ name }) => name)));
  const sentences = [...names].flatMap((name) => ofTask(name, candidates, load));
  const several = candidates.filter(({ spec }) => hasManyIntervals(spec));
  for (const { name, spec } of several)
    sentences.push(
      `${name}: the metrics have different intervals; the simulation reads all of them every ${formatDuration(tickMs(spec))}`,
    );
  const hasDrawn = [...load.tasks.values()].some(({ arrivals }) => arrivals?.isTrace === false);
  if (hasDrawn)
    sentences.push("Arrivals are a Poisson process with the load's rate, different for each seed.");
  sentences.push(
    "At the start, a task has as many instances as its load needs then, within its min and max, unless the load sets the number.",
    "Every instance does one job at a time, in order of arrival. An instance that is stopped finishes its job first.",
    "Targets start to learn at the start of the run.",
  );
  return sentences;
}

function hasManyIntervals(spec: Candidate["spec"]): boolean {
  const read = spec.tasks.flatMap(({ metric }) => intervalOf(spec, metric?.source) ?? []);
  return new Set(read).size > 1;
}

function ofTask(name: string, candidates: readonly Candidate[], load: Load): string[] {
  const [first] = candidates.flatMap((candidate) =>
    candidate.spec.tasks
      .filter((task) => task.name === name)
      .map((task) => ({
        candidate,
        task,
        interval: intervalOf(candidate.spec, task.metric?.source),
      })),
  );
  if (first === undefined) return [];
  const { candidate, task, interval } = first;
  const taskLoad = load.tasks.get(name);
  const plant = `its instances ${describePlant(taskLoad)}`;
  if (taskLoad?.arrivals === undefined) return [`${name}: ${describeIdle(task)}; ${plant}.`];
  const service = describeService(taskLoad);
  const within = taskLoad.withinSeconds ?? DEFAULTS.withinSeconds;
  const metric =
    interval === undefined
      ? "it has no metric"
      : `its metric shows ${describeSignal(signalOf(task, candidate, taskLoad), interval)}`;
  const { recorded } = taskLoad.arrivals;
  const from = recorded === undefined ? "" : `; ${RECORDED[recorded.by]}`;
  return [`${name}: ${service}; ${plant}; ${metric}${from}. A wait above ${text(within)} is late.`];
}

const RECORDED: Readonly<Record<Recorded["by"], string>> = {
  counted: "its arrivals are those counted in the record",
  believed: "its arrivals are the recorded target's estimates, because nothing counted them",
  growth:
    "its arrivals are the growth of the recorded queue, so jobs that were finished meanwhile are missing",
};

function describeIdle({ metric }: TaskSpec): string {
  return metric === undefined
    ? "it has no load, so its instances always work"
    : "the load does not mention it, so its queue stays empty";
}

function describeService({ service, arrivals }: TaskLoad): string {
  if (service === undefined) return "";
  if (!("meanSeconds" in service)) {
    if (arrivals?.service === service) return "each job takes as long as its trace says";
    const parts = Object.entries(service.secondsPer).map(
      ([of, s]) => `${text(s)} for each of ${of}`,
    );
    return `a job takes ${[text(service.baseSeconds), ...parts].join(" and ")}`;
  }
  const { meanSeconds, shape, cv = 1 } = service;
  if (shape === "deterministic") return `each job takes ${text(meanSeconds)}`;
  const spread = shape === "lognormal" ? `lognormal with a cv of ${cv}` : shape;
  return `jobs take ${text(meanSeconds)} on average (${spread})`;
}

function describePlant(load: TaskLoad | undefined): string {
  const jitter = load?.startupJitter ?? 0;
  const around = jitter === 0 ? "" : ` ± ${percent(jitter)}`;
  const start = `start in ${text(load?.startupSeconds ?? DEFAULTS.startupSeconds)}${around}`;
  const fails = load?.startFails ?? 0;
  const failing = fails === 0 ? "" : ` (${percent(fails)} of the starts fail)`;
  return `${start}${failing} and stop in ${text(load?.stopSeconds ?? DEFAULTS.stopSeconds)}`;
}

const SHOWN: Readonly<Record<SignalSpec["shows"], string>> = {
  length: "how many jobs wait",
  inFlight: "how many jobs wait and are in progress",
  totals: "how many jobs wait, are in progress, arrived so far and are finished",
};

function describeSignal({ shows, delaySeconds, loss }: SignalSpec, intervalMs: number): string {
  const old = delaySeconds === 0 ? "" : `, ${text(delaySeconds)} old`;
  const lost = loss === 0 ? "" : `, ${percent(loss)} of the readings lost`;
  return `${SHOWN[shows]}, every ${formatDuration(intervalMs)}${old}${lost}`;
}

const text = (seconds: number): string => formatDuration(seconds * 1000);
const percent = (part: number): string => `${Number((100 * part).toPrecision(3))} %`;
