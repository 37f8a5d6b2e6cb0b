export { spawnServer, type ServerProcess, type SpawnOptions } from "./process.ts";
export { buildNsq, nsqProblem } from "./build-nsq.ts";
export {
  createChannel,
  createTopic,
  emptyChannel,
  pauseChannel,
  pauseTopic,
  publish,
  publishDeferred,
  startNsqd,
  startNsqlookupd,
  type Nsqd,
  type NsqdOptions,
  type Nsqlookupd,
} from "./nsqd.ts";
