// Not a test but a program: a plugin that leaves a connection, a timer and a process behind, under the conformance suite and Node's own runner.
import { spawn } from "node:child_process";
import { connect, createServer, type AddressInfo } from "node:net";
import { after, describe, it } from "node:test";

import { metricLifecycleSuite } from "../src/index.ts";
import { createFixture } from "./memory-metric.ts";

const server = createServer((socket) => socket.unref())
  .listen(0, "127.0.0.1")
  .unref();
const children: ReturnType<typeof spawn>[] = [];
after(() => {
  for (const child of children) child.kill("SIGKILL");
});

const fixture = createFixture(
  {
    metric: (good) => {
      let isFirst = true;
      return {
        ...good,
        read: (queries, signal) => {
          if (isFirst) {
            connect((server.address() as AddressInfo).port, "127.0.0.1");
            setInterval(() => {}, 1234);
            children.push(spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]));
          }
          isFirst = false;
          return good.read(queries, signal);
        },
      };
    },
  },
  { watch: true, missing: "failure" },
);

metricLifecycleSuite({ describe, it }, fixture);
