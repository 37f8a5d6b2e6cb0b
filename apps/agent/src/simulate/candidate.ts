import { silentLogger, systemClock, type ReadingParts } from "@microscaling/core";
import type { EngineSpec } from "@microscaling/engine";
import type { SignalSpec } from "@microscaling/simulator";
import { loadConfig, type LoadedConfig } from "../config/index.ts";
import { loadPlugin } from "../plugins/load.ts";
import { nameOf } from "../plugins/names.ts";
import type { TaskHints } from "./load.ts";

/** A config to run a load on. Its plugins were created, and closed without any connection. */
export interface Candidate {
  /** As the user wrote it. */
  readonly name: string;
  readonly spec: EngineSpec;
  /** What the metric of each source can show. */
  readonly shows: ReadonlyMap<string, SignalSpec["shows"]>;
  readonly warnings: readonly string[];
  readonly secrets: readonly string[];
}

/**
 * Loads a config as `run` does.
 * @throws MicroscalingError `ERR_CONFIG_*` or `ERR_PLUGIN_*`
 */
export async function loadCandidate(file: string | undefined, cwd: string): Promise<Candidate> {
  const config = await loadConfig({
    ...(file === undefined ? {} : { file }),
    env: process.env,
    cwd,
    context: { clock: systemClock, logger: silentLogger },
  });
  await config.close();
  const { spec, warnings, secrets } = config;
  const name = file ?? "microscaling.yaml";
  return { name, spec, shows: await showsOf(config), warnings, secrets };
}

async function showsOf({ spec, plugins }: LoadedConfig): Promise<Map<string, SignalSpec["shows"]>> {
  const shows = new Map<string, SignalSpec["shows"]>();
  for (const [source, { name }] of spec.sources) {
    const entry = plugins.find((one) => one.kind === "metric" && one.name === name);
    if (entry === undefined) continue;
    const folders = [entry.resolvedFrom];
    const { plugin } = await loadPlugin({ kind: "metric", use: nameOf(entry.package), folders });
    shows.set(source, signalOf(plugin.capabilities.parts));
  }
  return shows;
}

/** What a simulated metric shows when the real one has these parts. */
function signalOf(parts: readonly (keyof ReadingParts)[]): SignalSpec["shows"] {
  if (parts.includes("arrived") && parts.includes("finished")) return "totals";
  return parts.includes("inFlight") ? "inFlight" : "length";
}

/** The values of these configs for their tasks. The first config that has a value provides it. */
export function hintsOf(candidates: readonly Candidate[]): Map<string, TaskHints> {
  const hints = new Map<string, TaskHints>();
  for (const { spec } of candidates)
    for (const { name, target, metric } of spec.tasks) {
      const said =
        target.use !== "latency"
          ? {}
          : {
              withinSeconds: target.withinMs / 1000,
              ...(target.serviceMs === undefined
                ? {}
                : { serviceSeconds: target.serviceMs / 1000 }),
              ...(target.startupMs === undefined
                ? {}
                : { startupSeconds: target.startupMs / 1000 }),
            };
      const before = hints.get(name);
      const hasMetric = metric !== undefined || before?.hasMetric === true;
      hints.set(name, { ...said, ...before, hasMetric });
    }
  return hints;
}
