import { isDeepStrictEqual } from "node:util";
import {
  asMicroscalingError,
  type Metric,
  type PluginContext,
  type Scheduler,
} from "@microscaling/core";
import type { EngineSpec, SchedulerSpec, SourceSpec } from "@microscaling/engine";
import type { Draft, PluginUse } from "./draft.ts";
import type { Opened } from "./open.ts";
import {
  settleHa,
  settleInterval,
  settleReadTimeout,
  settleScheduler,
  settleSharing,
  settleTasks,
} from "./settle.ts";
import type { AgentSettings, LoadedConfig, LoadRequest, PluginKind } from "./types.ts";
import type { Variables } from "./variables.ts";

/** The port of OpenTelemetry's Prometheus exporters. Prometheus's own port 9090 is often in use. */
const HTTP = { host: "127.0.0.1", port: 9464 };
const SHUTDOWN_GRACE_MS = 30_000;

type Instance = Scheduler | Metric;

/** The result of a plugin's `create`, and its input. */
interface Made {
  /** `scheduler`, or `metric` and the source's name. */
  readonly place: string;
  readonly plugin: object;
  readonly options: unknown;
  readonly instance: Instance;
}

/** What each config created, for the next reload. Kept here, because options may contain secrets. */
const madeBy = new WeakMap<LoadedConfig, readonly Made[]>();

/** A valid config, before its plugins are created. */
export interface AssembleRequest {
  readonly load: LoadRequest;
  readonly opened: Opened;
  readonly draft: Draft;
  readonly variables: Variables;
}

/**
 * Creates the plugins, or takes over those of the previous config, and assembles everything.
 * @throws MicroscalingError `ERR_PLUGIN_FAULT` if a plugin's `create` throws. What was created before is closed.
 */
export async function assemble(request: AssembleRequest): Promise<LoadedConfig> {
  const { load, opened, draft, variables } = request;
  const maker = createMaker(load);
  try {
    const scheduler = makeScheduler(draft, maker);
    const sources = makeSources(draft, maker);
    const { capacity = {} } = draft.root;
    const measured = Object.keys(capacity).filter((name) => capacity[name] === Infinity);
    const ha = settleHa(draft);
    const spec: EngineSpec = {
      capacity: { ...capacity, ...Object.fromEntries(measured.map((name) => [name, 0])) },
      ...(measured.length === 0 ? {} : { measured }),
      sharing: settleSharing(draft),
      tasks: settleTasks(draft, capacity),
      scheduler,
      sources,
      shutdown: draft.root.shutdown ?? "leave",
      ...(ha === undefined ? {} : { ha }),
    };
    const config: LoadedConfig = {
      spec,
      ...describe(opened, variables),
      settings: settleSettings(draft, variables),
      plugins: listUsed(draft),
      close: createClose(maker.made),
    };
    madeBy.set(config, maker.made);
    return config;
  } catch (error) {
    await closeAll(maker.made.filter(({ instance }) => !maker.isTakenOver(instance)));
    throw error;
  }
}

function describe(
  { document, file }: Opened,
  { names }: Variables,
): Pick<LoadedConfig, "origin" | "file" | "secrets" | "warnings"> {
  const others = file === undefined ? [] : names;
  const origin = [file ?? document.name, ...others].join(" and ");
  return { origin, file, secrets: [...document.secrets], warnings: [...document.warnings] };
}

function settleSettings({ root }: Draft, { debug }: Variables): AgentSettings {
  const http = root.http;
  return {
    http: http === false ? false : { host: http?.host ?? HTTP.host, port: http?.port ?? HTTP.port },
    log: {
      level: root.log?.level ?? "info",
      debug: debug?.components ?? root.log?.debug ?? [],
      detail: debug?.detail ?? false,
    },
    learned: root.learned,
    shutdownGraceMs: root.shutdownGrace ?? SHUTDOWN_GRACE_MS,
  };
}

function listUsed({ scheduler, sources }: Draft): LoadedConfig["plugins"] {
  const entries = [scheduler?.entry, ...[...sources.values()].map((source) => source.entry)];
  const byName = new Map(
    entries.flatMap((entry) => (entry ? [[`${entry.kind} ${entry.package}`, entry]] : [])),
  );
  return [...byName.values()];
}

/** Where in a config an instance belongs. */
interface Slot {
  readonly kind: PluginKind;
  readonly name: string;
}

/** The members of a plugin of either kind that create an instance. */
interface PluginFor<I> {
  readonly name: string;
  create(options: unknown, context: PluginContext): I;
}

interface Maker {
  readonly made: Made[];
  make<I extends Instance>(slot: Slot, use: PluginUse<PluginFor<I>>): I;
  isTakenOver(instance: Instance): boolean;
}

function createMaker({ context, previous }: LoadRequest): Maker {
  const before = previous === undefined ? [] : (madeBy.get(previous) ?? []);
  const made: Made[] = [];
  return {
    made,
    make<I extends Instance>(
      { kind, name }: Slot,
      { plugin, options }: PluginUse<PluginFor<I>>,
    ): I {
      const where = `${kind} ${name}`;
      const same = before.find(
        (old) =>
          old.place === where && old.plugin === plugin && isDeepStrictEqual(old.options, options),
      );
      const logger = context.logger.child({ component: kind, plugin: plugin.name });
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same plugin made it
      const kept = same?.instance as I | undefined;
      const instance =
        kept ??
        create(`the ${kind} ${plugin.name}`, () =>
          plugin.create(options, { clock: context.clock, logger }),
        );
      made.push({ place: where, plugin, options, instance });
      return instance;
    },
    isTakenOver: (instance) => before.some((old) => old.instance === instance),
  };
}

function create<I>(where: string, make: () => I): I {
  try {
    return make();
  } catch (error) {
    throw asMicroscalingError(error, "ERR_PLUGIN_FAULT", `cannot create ${where}`);
  }
}

function makeScheduler(draft: Draft, maker: Maker): SchedulerSpec {
  const use = used(draft.scheduler);
  const scheduler = maker.make({ kind: "scheduler", name: "" }, use);
  const { name, capabilities } = use.plugin;
  return { name, scheduler, replaces: capabilities.replaces, ...settleScheduler(draft) };
}

function makeSources(draft: Draft, maker: Maker): Map<string, SourceSpec> {
  const sources = new Map<string, SourceSpec>();
  for (const [name, source] of draft.sources) {
    const use = used(source);
    sources.set(name, {
      name: use.plugin.name,
      metric: maker.make({ kind: "metric", name }, use),
      intervalMs: settleInterval(source),
      timeoutMs: settleReadTimeout(source),
    });
  }
  return sources;
}

/** A draft without mistakes has its plugins. */
function used<Plugin>(draft: Partial<PluginUse<Plugin>> | undefined): PluginUse<Plugin> {
  if (draft?.plugin === undefined || draft.entry === undefined)
    throw new TypeError("a plugin is missing from a config without mistakes");
  return { plugin: draft.plugin, entry: draft.entry, options: draft.options };
}

function createClose(made: readonly Made[]): LoadedConfig["close"] {
  const closed = new Set<Instance>();
  return async ({ except } = {}) => {
    const kept = new Set((except && madeBy.get(except))?.map(({ instance }) => instance));
    const open = made.filter(({ instance }) => !kept.has(instance) && !closed.has(instance));
    for (const { instance } of open) closed.add(instance);
    await closeAll(open);
  };
}

/** Closes all, even if some fail. @throws the first failure, after all have ended. */
async function closeAll(made: readonly Made[]): Promise<void> {
  const results = await Promise.allSettled(
    made.map(async ({ instance }) => await instance.close()),
  );
  for (const result of results)
    if (result.status === "rejected")
      throw asMicroscalingError(result.reason, "ERR_PLUGIN_FAULT", "a plugin failed to close");
}
