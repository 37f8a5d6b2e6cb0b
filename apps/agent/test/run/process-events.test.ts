import { EventEmitter } from "node:events";
import { createTestClock } from "@microscaling/conformance";
import { expect, it } from "vitest";
import {
  listenToProcess,
  ONE_KEYPRESS_MS,
  pluginOf,
  type ProcessHandlers,
} from "../../src/run/process-events.ts";

function listen() {
  const target = new EventEmitter();
  const clock = createTestClock();
  const told: unknown[][] = [];
  const tell =
    (what: string) =>
    (...words: unknown[]): void =>
      void told.push([what, ...words]);
  const handlers: ProcessHandlers = {
    stop: tell("stop"),
    stopAtOnce: tell("stopAtOnce"),
    reload: tell("reload"),
    rejected: tell("rejected"),
    crashed: tell("crashed"),
  };
  return { target, clock, told, deafen: listenToProcess(target, clock, handlers) };
}

it("stops at the first signal, and at once at the second", async () => {
  const { target, clock, told } = listen();
  target.emit("SIGTERM", "SIGTERM");
  await clock.advance(ONE_KEYPRESS_MS);
  target.emit("SIGINT", "SIGINT");
  expect(told).toEqual([
    ["stop", "SIGTERM"],
    ["stopAtOnce", "SIGINT"],
  ]);
});

it.each([-1, 1])("tells two signals apart though the clock is set by %d h", async (hours) => {
  const { target, clock, told } = listen();
  target.emit("SIGINT", "SIGINT");
  clock.stepWall(hours * 3_600_000);
  target.emit("SIGINT", "SIGINT");
  expect(told).toHaveLength(1);
  await clock.advance(ONE_KEYPRESS_MS);
  target.emit("SIGINT", "SIGINT");
  expect(told.at(-1)).toEqual(["stopAtOnce", "SIGINT"]);
});

it("takes a Ctrl-C that npm passes on as well for one", async () => {
  const { target, clock, told } = listen();
  target.emit("SIGINT", "SIGINT");
  await clock.advance(ONE_KEYPRESS_MS - 1);
  target.emit("SIGINT", "SIGINT");
  expect(told).toEqual([["stop", "SIGINT"]]);
});

it("tells of SIGHUP and of faults nobody caught, until it stops listening", () => {
  const { target, told, deafen } = listen();
  const error = new Error("boom");
  target.emit("SIGHUP", "SIGHUP");
  target.emit("unhandledRejection", error);
  target.emit("uncaughtException", error);
  expect(told).toEqual([["reload"], ["rejected", error], ["crashed", error]]);
  deafen();
  expect(target.eventNames()).toEqual([]);
});

/** An error whose stack starts at `path`. */
function at(path: string): Error {
  return Object.assign(new Error("x"), { stack: `at f (${path}:1:2)` });
}

it("names the plugin whose code is in the stack", () => {
  expect(pluginOf(at("/a/node_modules/@microscaling/metric-nsq/dist/index.js"))).toBe(
    "@microscaling/metric-nsq",
  );
  expect(
    pluginOf(at("/a/node_modules/.pnpm/x@1/node_modules/microscaling-scheduler-nomad/i.js")),
  ).toBe("microscaling-scheduler-nomad");
  expect(pluginOf(at("/repo/packages/scheduler-docker/src/index.ts"))).toBe("scheduler-docker");
  expect(pluginOf(at("/a/node_modules/pino/lib/tools.js"))).toBeUndefined();
  expect(pluginOf("not an error")).toBeUndefined();
});
