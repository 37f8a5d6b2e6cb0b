import { dockerSuite } from "./docker/suite.ts";
import type { Suite } from "./fault.ts";
import { kubernetesSuite } from "./kubernetes/suite.ts";
import { marathonSuite } from "./marathon/suite.ts";
import { processSuite } from "./process/suite.ts";
import { azureSuite } from "./queues/azure.ts";
import { nsqSuite } from "./queues/nsq.ts";
import { sqsSuite } from "./queues/sqs.ts";

/** All of them, in the order in which they run and stand in docs/reliability.md. */
export const suites: readonly Suite[] = [
  dockerSuite,
  processSuite,
  kubernetesSuite,
  marathonSuite,
  nsqSuite,
  sqsSuite,
  azureSuite,
];
