import { MicroscalingError } from "@microscaling/core";
import type { Engine } from "@microscaling/engine";
import { describe, expect, it } from "vitest";
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
  await reloader.released();
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

it.each<[string, Engine["reload"]]>([
  [
    "throws",
    () => {
      throw new Error("no");
    },
  ],
  ["rejects", () => Promise.reject(new Error("no"))],
])("leaves everything as it was when the engine %s", async (_how, reload) => {
  const { reloader, events, lines } = open((log) => Promise.resolve(named("new", log)), { reload });
  await reloader.reload("SIGHUP");
  await reloader.released();
  expect(events).toEqual(["adopt new", "adopt old", "close new except old"]);
  expect(reloader.config().origin).toBe("old");
  expect(lines).toEqual([
    expect.objectContaining({
      level: "error",
      text: expect.stringMatching(/the agent keeps the old one/),
    }),
  ]);
});

interface Waiting extends Bench {
  /** Ends the waits of the engine's reloads, in their order. */
  readonly ends: PromiseWithResolvers<void>[];
}

/** Loads the configs `first`, `second`, …; the engine runs each at once. */
function waiting(): Waiting {
  const names = ["first", "second", "third"];
  const ends: PromiseWithResolvers<void>[] = [];
  const bench = open((log) => Promise.resolve(named(names.shift()!, log)), {
    reload() {
      const end = Promise.withResolvers<void>();
      ends.push(end);
      return end.promise;
    },
  });
  return { ...bench, ends };
}

describe("while the engine finishes what the old config ran", () => {
  it("tells the new config, and closes no plugin of the old one", async () => {
    const { reloader, events, lines, ends } = waiting();
    await reloader.reload("SIGHUP");
    expect(reloader.config().origin).toBe("first");
    expect(lines[0]?.text).toMatch(/^reloaded first/);
    await new Promise(setImmediate);
    expect(events).toEqual(["adopt first"]);
    ends[0]!.resolve();
    await reloader.released();
    expect(events).toEqual(["adopt first", "close old except first"]);
  });

  it("takes the next change at once, and closes the old plugins in order", async () => {
    const { reloader, events, ends } = waiting();
    await reloader.reload("a");
    await reloader.reload("b");
    expect(reloader.config().origin).toBe("second");
    // What `first` shares with `old` may be in use until both have ended.
    ends[1]!.resolve();
    await new Promise(setImmediate);
    expect(events).toEqual(["adopt first", "adopt second"]);
    ends[0]!.resolve();
    await reloader.released();
    expect(events.slice(2)).toEqual(["close old except first", "close first except second"]);
  });

  it("closes the old plugins even if that fails, and says so", async () => {
    const { reloader, events, lines, ends } = waiting();
    await reloader.reload("SIGHUP");
    ends[0]!.reject(new Error("stuck"));
    await reloader.released();
    expect(reloader.config().origin).toBe("first");
    expect(events).toEqual(["adopt first", "close old except first"]);
    expect(lines.at(-1)).toMatchObject({ level: "error" });
  });
});

it("reloads although a plugin of before never closes", async () => {
  const never = new Promise<never>(() => {});
  const engine: Engine["reload"][] = [() => Promise.reject(new Error("no"))];
  const { reloader } = open((log) => Promise.resolve(named("new", log, { close: () => never })), {
    reload: (spec) => engine.shift()?.(spec) ?? Promise.resolve(),
  });
  for (const why of ["refused", "taken", "taken again"]) await reloader.reload(why);
  expect(reloader.config().origin).toBe("new");
});

it("drops a config that is read when it is closed already", async () => {
  const loaded = Promise.withResolvers<LoadedConfig>();
  const { reloader, events } = open(() => loaded.promise);
  const reload = reloader.reload("SIGHUP");
  const closed = reloader.close();
  loaded.resolve(named("new", events));
  await Promise.all([reload, closed]);
  expect(events).toEqual(["close new except old"]);
  expect(reloader.config().origin).toBe("old");
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
