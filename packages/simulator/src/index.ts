export type { Elasticity } from "./elasticity.ts";
export {
  createEngineController,
  type DecidingSpec,
  type EngineControllerOptions,
} from "./engine-controller.ts";
export { flash, mmpp, onOff, ramp, rateOf, sine, step, type Rate } from "./generators.ts";
export { drawJobs, drawWork, type Jobs, type ServiceTimes } from "./jobs.ts";
export type { TaskOutcome } from "./measure.ts";
export type { PlantSpec } from "./plant.ts";
export { seeded, type Random } from "./random.ts";
export type { Seen, SignalSpec } from "./sensor.ts";
export {
  simulate,
  type Controller,
  type Outcome,
  type Run,
  type SimulatedTask,
  type Timeline,
  type View,
} from "./simulate.ts";
export { rateOfCounts, readColumns, readCounts, type Counts } from "./traces.ts";
