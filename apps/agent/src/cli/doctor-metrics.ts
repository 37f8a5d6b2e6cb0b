import {
  asMicroscalingError,
  problemOf,
  type Clock,
  type Finding,
  type Reading,
  type ReadingResult,
} from "@microscaling/core";
import {
  checkReading,
  checkResults,
  withDeadline,
  type EngineSpec,
  type SourceSpec,
} from "@microscaling/engine";
import { limitOf, lineOf, type DoctorLine } from "./doctor-line.ts";

/** Reads every source once, for all of its tasks. @returns the lines of each source, as they come. */
export function examineMetrics(
  { sources, tasks }: EngineSpec,
  clock: Clock,
): Promise<readonly DoctorLine[]>[] {
  return [...sources].flatMap(([name, source]) => {
    const queries = tasks.flatMap(({ name: task, metric }) =>
      metric?.source === name ? [{ task, query: metric.query }] : [],
    );
    return queries.length === 0 ? [] : [examineSource(name, source, queries, clock)];
  });
}

interface Query {
  readonly task: string;
  readonly query: unknown;
}

async function examineSource(
  name: string,
  source: SourceSpec,
  queries: readonly Query[],
  clock: Clock,
): Promise<readonly DoctorLine[]> {
  const { name: plugin, metric } = source;
  const named = name === plugin ? `metric ${plugin}` : `metric ${name} (${plugin})`;
  const names = queries.map(({ task }) => task);
  async function attempt(): Promise<readonly DoctorLine[]> {
    try {
      const limit = limitOf(source, clock, named);
      const results = await withDeadline(limit, (signal) =>
        metric.read(queries, signal, limit.timeoutMs),
      );
      return checkResults(plugin, names, results).map((result, i) => {
        const task = names[i] ?? "";
        return lineOf(task, findingOf(named, checkReading(plugin, task, result)));
      });
    } catch (error) {
      const problem = asMicroscalingError(error, "ERR_PLUGIN_FAULT", named);
      return [lineOf(named, problemOf(problem))];
    }
  }
  // A first read loads a client and connects. Here all sources do that at once, which may take too long on a busy machine.
  const first = await attempt();
  return first.some(({ level }) => level === "problem") ? attempt() : first;
}

function findingOf(named: string, result: ReadingResult): Finding {
  switch (result.kind) {
    case "reading":
      return { level: "ok", message: `${named}: ${result.value}${formatParts(result)}` };
    case "hold":
      return {
        level: "warning",
        message: `${named} has no number now: ${result.reason}`,
        advice: "Until there is a number, the task keeps its instances.",
      };
    case "failure": {
      const problem = problemOf(result.error);
      return { ...problem, message: `${named}: ${problem.message}` };
    }
    default:
      return result satisfies never;
  }
}

function formatParts({ parts = {} }: Reading): string {
  const known = Object.entries(parts).filter(([, value]) => value !== undefined);
  return known.length === 0 ? "" : ` (${known.map((part) => part.join(" ")).join(", ")})`;
}
