import { MicroscalingError } from "@microscaling/core";
import type { Engine } from "@microscaling/engine";
import { expect, it } from "vitest";
import type { LoadedConfig } from "../../src/config/index.ts";
import { createReloader, type Reloader } from "../../src/run/reloader.ts";
import { collectLines, type Line } from "../lines.ts";
import { engineState, fakeConfig, fakeEngine } from "../records.ts";

interface Bench {
  readonly reloader: Reloader;
  readonly lines: Line[];
  /** What happened, in order. */
  readonly events: string[];
}

function named(name: string, events: string[], more: Partial<LoadedConfig> = {}): LoadedConfig {
  return fakeConfig({
    origin: name,
    close(options) {
      events.push(`close ${name} except ${options?.except?.origin ?? "nothing"}`);
      return Promise.resolve();
    },
    ...more,
  });
}

function open(
  load: (events: string[]) => Promise<LoadedConfig>,
  engine: Partial<Engine> = {},
): Bench {
  const { logger, lines } = collectLines();
  const events: string[] = [];
  const reloader = createReloader(named("old", events), {
    engine: fakeEngine(() => engineState(), {
      reload() {
        events.push("engine reload");
        return Promise.resolve();
      },
      ...engine,
    }),
    logger,
    load: () => load(events),
    adopt: (config) => events.push(`adopt ${config.origin}`),
  });
  return { reloader, lines, events };
}

it("gives the engine the new config, and then closes what the old one no longer shares", async () => {
  const { reloader, events, lines } = open((log) => Promise.resolve(named("new", log)));
  await reloader.reload("SIGHUP");
  expect(events).toEqual(["adopt new", "engine reload", "close old except new"]);
  expect(reloader.config().origin).toBe("new");
  expect(lines).toEqual([
    expect.objectContaining({ level: "info", text: expect.stringContaining("SIGHUP") as string }),
  ]);
});

it("refuses a bad config whole, tells every mistake, and goes on with the old one", async () => {
  const bad = new MicroscalingError("ERR_CONFIG_INVALID", "2 mistakes", {
    details: ["a.yaml:3:1 tasks", "a.yaml:9:1 http"],
  });
  const { reloader, events, lines } = open(() => Promise.reject(bad));
  await reloader.reload("SIGHUP");
  expect(events).toEqual([]);
  expect(reloader.config().origin).toBe("old");
  expect(lines.map((line) => line.level)).toEqual(["error", "error", "error"]);
  expect(lines.map((line) => line.text).slice(1)).toEqual(bad.details);
});

it("goes back to the old config when the engine cannot take the new one", async () => {
  const engine = { reload: () => Promise.reject(new Error("no")) };
  const { reloader, events, lines } = open((log) => Promise.resolve(named("new", log)), engine);
  await reloader.reload("SIGHUP");
  expect(events).toEqual(["adopt new", "adopt old", "close new except old"]);
  expect(reloader.config().origin).toBe("old");
  expect(lines[0]?.level).toBe("error");
});

it("never reloads twice at a time; what comes meanwhile causes one more", async () => {
  let underWay = 0;
  let loads = 0;
  const { reloader } = open(async (log) => {
    expect((underWay += 1)).toBe(1);
    loads += 1;
    await new Promise(setImmediate);
    underWay -= 1;
    return named("new", log);
  });
  await Promise.all([reloader.reload("a"), reloader.reload("b"), reloader.reload("c")]);
  expect(loads).toBe(2);
});

it("reloads no more once it is closed", async () => {
  const { reloader, events } = open((log) => Promise.resolve(named("new", log)));
  await reloader.close();
  await reloader.reload("SIGHUP");
  expect(events).toEqual([]);
});

it("says that another address of the endpoints needs a new start", async () => {
  const settings = { ...fakeConfig().settings, http: { host: "127.0.0.1", port: 1 } };
  const { reloader, lines } = open((log) => Promise.resolve(named("new", log, { settings })));
  await reloader.reload("SIGHUP");
  expect(lines.find((line) => line.level === "warn")?.text).toContain("http");
});
