import type { Belief, Decision } from "@microscaling/core";
import { explain, type TaskState } from "@microscaling/engine";
import { isWhole, runOnce, sharedProblems, type OnceResult } from "../run/once.ts";
import { partsRequest, print, type CommandContext, type ConfigOption } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import { openLog } from "./open-log.ts";

/** The options of `plan`. */
export interface PlanOptions extends ConfigOption {
  readonly json?: boolean;
}

/** One line of the plan: one task. */
interface PlanRow {
  readonly task: string;
  readonly priority: number;
  /** `null` if nothing could be read, or nothing has to be read. */
  readonly reading: number | null;
  readonly running: number | null;
  readonly desired: number;
  readonly granted: number;
  /** How many more or fewer instances would be requested now. */
  readonly change: number;
  readonly why: string;
  /** `null` if the target does not learn, or has not learned anything yet. */
  readonly belief: Belief | null;
  readonly problem: string | null;
}

/** Reads the real metrics and counts once, and shows what the agent would do. */
export async function planCommand(options: PlanOptions, context: CommandContext): Promise<number> {
  const log = await openLog(context, process.stderr);
  log.configure({ level: "warn", debug: [], detail: false });
  const result = await runOnce(partsRequest(options.config, true, log), false);
  const rows = planRows(result);
  const text = options.json === true ? planJson(result, rows) : await planTable(rows);
  print(context.redactor.text(text));
  for (const problem of sharedProblems(result.state))
    process.stderr.write(context.redactor.text(`warning ${problem}\n`));
  return isWhole(result) ? EXIT.ok : EXIT.failed;
}

function planRows({ config, record, state }: OnceResult): PlanRow[] {
  const priorities = new Map(config.spec.tasks.map((task) => [task.name, task.priority]));
  const states = new Map(state.tasks.map((task) => [task.name, task]));
  return record.decisions.map((decision) =>
    planRow(decision, priorities.get(decision.task) ?? 0, states.get(decision.task)),
  );
}

function planRow(decision: Decision, priority: number, state: TaskState | undefined): PlanRow {
  const { task, reading, counts, desired, granted, requested } = decision;
  return {
    task,
    priority,
    reading: reading?.value ?? null,
    running: counts?.running ?? null,
    desired,
    granted,
    change: requested === undefined || counts === undefined ? 0 : requested - counts.requested,
    why: explain(decision),
    belief: decision.belief ?? null,
    problem: state?.problem ?? null,
  };
}

function planJson({ config, record, state }: OnceResult, tasks: readonly PlanRow[]): string {
  const plan = {
    at: new Date(record.at).toISOString(),
    config: config.origin,
    capacity: state.capacity,
    capacityProblem: state.capacityProblem ?? null,
    schedulerProblem: state.schedulerProblem ?? null,
    tasks,
  };
  return JSON.stringify(plan, null, 2);
}

async function planTable(rows: readonly PlanRow[]): Promise<string> {
  const { formatTable } = await import("./table.ts");
  return formatTable({
    head: ["TASK", "PRIORITY", "READING", "RUNNING", "DESIRED", "GRANTED", "CHANGE", "WHY"],
    rows: rows.map((row) => [
      row.task,
      String(row.priority),
      String(row.reading ?? "-"),
      String(row.running ?? "?"),
      String(row.desired),
      String(row.granted),
      row.change === 0 ? "-" : `${row.change > 0 ? "+" : ""}${row.change}`,
      row.problem === null || row.why.includes(row.problem)
        ? row.why
        : `${row.why} (${row.problem})`,
    ]),
    overflow: "wrap",
    ...(process.stdout.isTTY ? { width: process.stdout.columns } : {}),
  });
}
