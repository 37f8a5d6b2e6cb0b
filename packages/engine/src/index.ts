export { decide, type Decided } from "./decide/decide.ts";
export {
  createDecider,
  NOTHING_MEASURED,
  type Decider,
  type DecidingSpec,
  type Measured,
} from "./decide/decider.ts";
export { explain, limitText } from "./decide/explain.ts";
export { nothingObserved, type Observed } from "./decide/observed.ts";
export { isCron, isTimeZone } from "./decide/schedule.ts";
export { layOutTasks, type TaskTable } from "./decide/task-table.ts";
export { emptyMemory, type Memory } from "./decide/desired.ts";
export { createEngine } from "./engine.ts";
export { checkCounts, checkReading, checkResults } from "./loop/check.ts";
export { withDeadline, type Deadline } from "./loop/deadline.ts";
export type * from "./spec.ts";
