export { decide, type Decided } from "./decide/decide.ts";
export {
  decideTurn,
  NOTHING_MEASURED,
  openDeciding,
  type Deciding,
  type DecidingSpec,
  type Measured,
} from "./decide/decider.ts";
export { isLearned } from "./decide/learn/learned.ts";
export { explain, limitText } from "./report/explain.ts";
export { nothingObserved, type Observed } from "./observe/observed.ts";
export { isCron, isTimeZone } from "./cron.ts";
export { layOutTasks, type TaskTable } from "./decide/task-table.ts";
export { emptyMemory, type Memory } from "./decide/desired.ts";
export { createEngine } from "./runtime/engine.ts";
export { checkCounts, checkReading, checkResults } from "./observe/check.ts";
export { withDeadline, type Deadline } from "./runtime/deadline.ts";
export type * from "./spec.ts";
