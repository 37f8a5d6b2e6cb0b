import { styleText } from "node:util";
import type { Clock } from "@microscaling/core";
import type { EngineSpec } from "@microscaling/engine";
import type { LoadedConfig } from "../config/index.ts";
import { readConfig } from "../run/parts.ts";
import { endsWithin } from "../run/within.ts";
import { partsRequest, print, type CommandContext, type ConfigOption } from "./context.ts";
import { examineBackend, examineUse } from "./doctor-capacity.ts";
import { examineLease } from "./doctor-lease.ts";
import type { DoctorLine } from "./doctor-line.ts";
import { listenTo } from "./doctor-log.ts";
import { examineMetrics } from "./doctor-metrics.ts";
import { examineScheduler } from "./doctor-scheduler.ts";
import { EXIT } from "./exit-codes.ts";
import { openLog } from "./open-log.ts";

/** The options of `doctor`. */
export interface DoctorOptions extends ConfigOption {
  readonly json?: boolean;
}

/** How long closing the plugins may take, in milliseconds. */
const CLOSE_MS = 2000;

/** Checks the config against the real queues and the real scheduler. Changes nothing. */
export async function doctorCommand(
  options: DoctorOptions,
  context: CommandContext,
): Promise<number> {
  const { log, heard } = listenTo(await openLog(context, process.stderr));
  // The lines already say everything.
  log.configure({ level: "error", debug: [], detail: false });
  const request = partsRequest(options.config, true, log);
  const config = await readConfig(request);
  context.redactor.add(config.secrets);
  const found = await examine(config.spec, request.clock);
  const lines = [...describeConfig(config), ...heard(), ...found];
  const text = options.json === true ? formatJson(config.origin, lines) : formatLines(lines);
  print(context.redactor.text(text));
  await endsWithin(
    request.clock,
    CLOSE_MS,
    config.close().catch(() => {}),
  );
  return lines.some(({ level }) => level === "problem") ? EXIT.failed : EXIT.ok;
}

/**
 * Asks the scheduler and every metric once, all at the same time and each with a deadline. Never throws.
 * @returns the lines: first those that concern several tasks, then the tasks in the order of the config, then the capacity.
 */
export async function examine(spec: EngineSpec, clock: Clock): Promise<readonly DoctorLine[]> {
  const [exam, lease, backend, ...metrics] = await Promise.all([
    examineScheduler(spec, clock),
    examineLease(spec, clock),
    examineBackend(spec, clock),
    ...examineMetrics(spec, clock),
  ]);
  const places = new Map(spec.tasks.map(({ name }, place) => [name, place]));
  const placeOf = ({ about }: DoctorLine): number => places.get(about) ?? -1;
  const lines = [...exam.lines, ...lease, ...metrics.flat()].toSorted(
    (a, b) => placeOf(a) - placeOf(b),
  );
  return [...lines, ...examineUse(spec, exam.counts, backend.said), ...backend.lines];
}

function describeConfig({ origin, warnings, plugins }: LoadedConfig): DoctorLine[] {
  const names = plugins.map(({ kind, name }) => `${kind} ${name}`).join(", ");
  return [
    { about: "config", level: "ok", message: `${origin} is valid: ${names}` },
    ...warnings.map((message): DoctorLine => ({ about: "config", level: "warning", message })),
  ];
}

const MARKS = {
  ok: { mark: "✓", colour: "green" },
  warning: { mark: "!", colour: "yellow" },
  problem: { mark: "✗", colour: "red" },
} as const;

function formatLines(lines: readonly DoctorLine[]): string {
  const shown = lines.map(({ about, level, message, advice }) => {
    const { mark, colour } = MARKS[level];
    const todo = advice === undefined ? "" : ` → ${advice}`;
    return `${styleText(colour, mark, { stream: process.stdout })} ${about}: ${message}${todo}`;
  });
  return [...shown, "", summarise(lines)].join("\n");
}

function summarise(lines: readonly DoctorLine[]): string {
  const { problems, warnings } = countLevels(lines);
  if (problems + warnings === 0) return "All is well.";
  return `${plural(problems, "problem")}, ${plural(warnings, "warning")}.`;
}

function plural(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}

function formatJson(config: string, findings: readonly DoctorLine[]): string {
  return JSON.stringify({ config, ...countLevels(findings), findings }, null, 2);
}

function countLevels(lines: readonly DoctorLine[]): { problems: number; warnings: number } {
  const count = (wanted: DoctorLine["level"]): number =>
    lines.filter(({ level }) => level === wanted).length;
  return { problems: count("problem"), warnings: count("warning") };
}
