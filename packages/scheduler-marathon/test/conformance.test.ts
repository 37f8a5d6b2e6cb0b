import { schedulerConformance } from "@microscaling/conformance";
import { systemClock } from "@microscaling/core";
import { startMarathon, type Marathon } from "@microscaling/test-servers";
import { afterAll, beforeAll, describe, it } from "vitest";

import plugin from "../src/index.ts";

const appOf = (task: string): string => `/conformance/${task}`;

// Its times are those of a small fast cluster, so this takes seconds and needs nothing.
describe.each([{ taskKilling: true }, { taskKilling: false }])("%j", (settings) => {
  let marathon: Marathon;
  let taken = 0;
  beforeAll(async () => {
    marathon = await startMarathon({ stagingMs: 15, killMs: 15, checkMs: 5, ...settings });
  });
  afterAll(() => marathon.stop());

  schedulerConformance(
    { describe, it },
    {
      plugin: plugin as never,
      clock: systemClock,
      deadlineMs: 4000,
      pollMs: 5,
      options: () => ({ url: marathon.url }),
      invalidOptions: [
        { written: { url: "localhost:8080" }, path: ["url"] },
        { written: { url: "http://me:secret@localhost:8080" }, path: ["url"] },
        { written: { url: [] }, path: ["url"] },
        { written: { username: "me" }, path: ["password"] },
        { written: { username: "a:b", password: "c" }, path: ["username"] },
        { written: { username: "a", password: "b", token: "c" }, path: ["token"] },
        { written: { dcos: {} }, path: ["dcos", "serviceAccount"] },
        { written: { tls: { cert: "a.pem" } }, path: ["tls", "key"] },
      ],
      workload(task) {
        marathon.createApp({ id: appOf(task) });
        return { app: appOf(task) };
      },
      invalidWorkloads: [
        { written: { app: "/Prod" }, path: ["app"] },
        { written: { app: "/prod/" }, path: ["app"] },
        { written: { app: "/prod/tasks" }, path: ["app"] },
        { written: { kill: "random" }, path: ["kill"] },
        { written: { force: "yes" }, path: ["force"] },
      ],
      exists: async (task) => marathon.tasks(appOf(task)).length,
      kill: async (task) => marathon.crash(appOf(task)),
      crashing() {
        const id = `/conformance/broken-${(taken += 1)}`;
        marathon.createApp({ id, isBroken: true });
        // Its deployment never ends, so nothing else would get it down again.
        return { app: id, force: true };
      },
      unpreparable: () => ({ app: "/conformance/not-there" }),
      unreachable: () => ({ url: "http://127.0.0.1:1" }),
      outage: {
        begin: async () => marathon.fault("refuse"),
        end: async () => marathon.fault(undefined),
      },
      stall: {
        begin: async () => marathon.fault("stall"),
        end: async () => marathon.fault(undefined),
      },
    },
  );
});
