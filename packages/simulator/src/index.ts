export type { Elasticity } from "./elasticity.ts";
export { createEngineController, type EngineControllerOptions } from "./engine-controller.ts";
export {
  ELASTICITY_FIGURES,
  ELASTICITY_NOTE,
  figuresOf,
  formatFigure,
  writeFigure,
  MAIN_FIGURES,
  type Figure,
  type FigureKey,
  type FigureKind,
  type FigureText,
  type Figures,
} from "./figures.ts";
export { flash, mmpp, onOff, ramp, rateOf, sine, step, type Rate } from "./generators.ts";
export {
  jobsOfTrace,
  readHeader,
  readJobs,
  type JobTrace,
  type TracedService,
} from "./job-trace.ts";
export { drawJobs, drawWork, type Jobs, type ServiceTimes } from "./jobs.ts";
export type { TaskOutcome } from "./measure.ts";
export type { PlantSpec } from "./plant.ts";
export { seeded, type Random } from "./random.ts";
export type { Seen, SignalSpec } from "./sensor.ts";
export {
  createRecordWriter,
  readRecord,
  type RecordedTurn,
  type RecordSink,
  type RecordSource,
} from "./record.ts";
export { readRecordedLoad, type RecordedLoad } from "./recorded-load.ts";
export { replayRecord, type ReplayedTurn } from "./replay.ts";
export { reportCsv } from "./report/csv.ts";
export { reportHtml } from "./report/html.ts";
export { reportJson } from "./report/json.ts";
export type { Report, ReportConfig, ReportTask } from "./report/report.ts";
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
export { cutJobs } from "./tune/cut.ts";
export {
  compareScores,
  meets,
  parseObjective,
  type Objective,
  type Scores,
} from "./tune/objective.ts";
export { findObstacle, type Obstacle, type ObstacleRequest } from "./tune/obstacle.ts";
export {
  meanScores,
  search,
  type Parameter,
  type Point,
  type SearchRequest,
  type SearchResult,
  type Trial,
} from "./tune/search.ts";
