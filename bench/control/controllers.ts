import type { TargetSpec } from "@microscaling/engine";
import { createEngineController, type Controller, type Jobs } from "@microscaling/simulator";
import type { Case } from "./case.ts";
import { awsLaw } from "./laws/aws.ts";
import { fixedLaw, oracleLaw } from "./laws/fixed.ts";
import { hpaLaw, KEDA, KEDA_FAST } from "./laws/hpa.ts";
import { knativeLaw } from "./laws/knative.ts";
import { nomadLaw } from "./laws/nomad.ts";
import { sketchLaw } from "./laws/sketch.ts";

/** What a controller may be told. The rivals' users know the service time exactly; the latency target learns it. */
export interface Told {
  readonly one: Case;
  readonly jobs: Jobs;
  /** Mean work of a job, in seconds of one instance: the truth. One that works on k jobs at once does k seconds of them in a second. */
  readonly serviceSeconds: number;
  /** Jobs that one instance finishes within the allowed wait: what a rival's target on backlog per instance is. */
  readonly perInstance: number;
}

const LENGTH = 20;
const CLASSIC = { kP: 0.04, kI: 0, kD: 1.25, velocitySamples: 1 };

/** All controllers, ours first. A new one for each run. */
export const CONTROLLERS: Readonly<Record<string, (told: Told) => Controller>> = {
  latency: (told) => engine(told, latencyTarget(told.one)),
  "latency-reactive": (told) => engine(told, { ...latencyTarget(told.one), forecast: "off" }),
  queue: (told) => engine(told, { use: "queue", length: LENGTH, ...CLASSIC }),
  "queue-auto": (told) => engine(told, { use: "queue", length: LENGTH, ...CLASSIC, gains: "auto" }),
  "simple-queue": (told) => engine(told, { use: "simple-queue", length: LENGTH }),
  "hpa-keda": ({ one, perInstance }) => hpaLaw({ ...KEDA, target: perInstance, max: one.max }),
  "keda-fast": ({ one, perInstance }) =>
    hpaLaw({ ...KEDA_FAST, target: perInstance, max: one.max }),
  "keda-fast-1/2": ({ one, perInstance }) =>
    hpaLaw({ ...KEDA_FAST, target: perInstance / 2, max: one.max }),
  "keda-fast-1/4": ({ one, perInstance }) =>
    hpaLaw({ ...KEDA_FAST, target: perInstance / 4, max: one.max }),
  "keda-fast-1/8": ({ one, perInstance }) =>
    hpaLaw({ ...KEDA_FAST, target: perInstance / 8, max: one.max }),
  "keda-fast-1/2-60s": ({ one, perInstance }) =>
    hpaLaw({ ...KEDA_FAST, downWindowSeconds: 60, target: perInstance / 2, max: one.max }),
  knative: ({ one, perInstance }) => knativeLaw({ holds: 1 + perInstance, max: one.max }),
  aws: ({ one, perInstance }) => awsLaw({ target: perInstance, max: one.max }),
  nomad: ({ one, perInstance }) => nomadLaw({ target: perInstance, max: one.max }),
  sketch: ({ one, serviceSeconds }) =>
    sketchLaw({
      serviceRate: 1 / serviceSeconds,
      startupSeconds: one.instances.startupSeconds,
      withinSeconds: one.withinSeconds,
      max: one.max,
    }),
  static: (told) => fixedLaw(1.1 * meanOf(told.jobs.rate) * told.serviceSeconds, told.one.max),
  "static-peak": (told) =>
    fixedLaw(1.1 * maxOf(told.jobs.rate) * told.serviceSeconds, told.one.max),
  oracle: ({ one, jobs, serviceSeconds }) =>
    oracleLaw({
      rate: jobs.rate,
      serviceSeconds,
      startupSeconds: one.instances.startupSeconds,
      withinSeconds: one.withinSeconds,
      max: one.max,
    }),
};

/** The target under test, with the config's defaults. */
export function latencyTarget({
  withinSeconds,
  hint,
}: Pick<Case, "withinSeconds" | "hint">): Extract<TargetSpec, { use: "latency" }> {
  return {
    use: "latency",
    withinMs: withinSeconds * 1000,
    changesPerMinute: 6,
    ...(hint === undefined ? {} : { serviceMs: hint * 1000 }),
  };
}

function engine({ one }: Told, target: TargetSpec): Controller {
  return createEngineController({
    capacity: { instances: one.max },
    tasks: [
      {
        name: "task",
        priority: 1,
        min: 1,
        max: one.max,
        maxDelta: one.max,
        uses: {},
        target,
        metric: {
          source: "queue",
          query: undefined,
          maxAgeMs: 10_000,
          failures: 3,
          fallback: "hold",
        },
        workload: undefined,
      },
    ],
  });
}

/** The mean of numbers. */
export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return values.length === 0 ? 0 : sum / values.length;
}

function maxOf(values: ArrayLike<number>): number {
  let max = 0;
  for (let i = 0; i < values.length; i++) max = Math.max(max, values[i]!);
  return max;
}
