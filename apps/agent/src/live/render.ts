import { styleText } from "node:util";
import {
  formatDuration,
  INSTANCES,
  type Amounts,
  type Decision,
  type DecisionRecord,
} from "@microscaling/core";
import { explain } from "@microscaling/engine";
import { formatTable } from "../cli/table.ts";

/** One picture of the live view. */
export interface Picture {
  readonly record: DecisionRecord;
  readonly capacity: Amounts;
  /** The newest failure of each task, if any. */
  readonly problems: ReadonlyMap<string, string>;
  readonly dryRun: boolean;
  /** Columns of the terminal. */
  readonly width: number;
}

/** Wide enough for most numbers, so that the columns do not move when the numbers change. */
const HEAD = ["TASK", "QUEUE ", "DESIRED", "GRANTED", "RUNNING  "];
/** The longest bar, in characters. If there are more instances, only their number is shown. */
const LONGEST_BAR = 20;

/** Draws the state after one turn of the loop: a headline and one line for each task. */
export function renderPicture(picture: Picture): string {
  const rows = picture.record.decisions.map((decision) => rowOf(decision, picture.problems));
  const room = Math.min(picture.capacity[INSTANCES] ?? 0, LONGEST_BAR);
  const columns = [...HEAD, " ".repeat(room), "WHY"];
  const table = formatTable({ head: columns, rows, width: picture.width, overflow: "cut" });
  const [head = "", ...lines] = table.split("\n");
  return ["", headline(picture), "", styleText("bold", head), ...lines].join("\n");
}

function roleText({ role }: DecisionRecord): string {
  if (role === undefined) return "";
  return role.leads ? "  leads" : `  standby: ${role.leader ?? "nobody"} leads`;
}

function headline({ record, capacity, dryRun }: Picture): string {
  const total = capacity[INSTANCES];
  const present = record.decisions.reduce((sum, decision) => sum + presentOf(decision), 0);
  const share = total === undefined ? `${present} instances` : `${present} of ${total} instances`;
  const time = new Date(record.at).toTimeString().slice(0, 8);
  const role = roleText(record);
  return `${styleText("bold", "microscaling")}  ${time}  ${share}${role}${dryRun ? "  dry run" : ""}`;
}

function presentOf({ counts }: Decision): number {
  return counts === undefined ? 0 : counts.running + counts.starting + counts.stopping;
}

function rowOf(decision: Decision, problems: ReadonlyMap<string, string>): string[] {
  const problem = problems.get(decision.task);
  return [
    decision.task,
    decision.reading === undefined ? "-" : String(decision.reading.value),
    String(decision.desired),
    String(decision.granted),
    runningText(decision),
    bar(decision),
    problem === undefined
      ? [explain(decision), ...beliefText(decision)].join(", ")
      : styleText("red", problem.replaceAll("\n", " ")),
  ];
}

/** The estimates of a target that learns, after the reason. They are cut first on a narrow terminal. */
function beliefText({ belief }: Decision): string[] {
  if (belief === undefined) return [];
  const { arrivalRate, serviceRate, startupSeconds, drainSeconds } = belief;
  return [
    ...(arrivalRate === undefined ? [] : [`${rateText(arrivalRate)} arrive`]),
    ...(serviceRate === undefined ? [] : [`${rateText(serviceRate)} each`]),
    ...(startupSeconds === undefined ? [] : [`start ${formatDuration(startupSeconds * 1000)}`]),
    ...(drainSeconds === undefined ? [] : [`drained in ${formatDuration(drainSeconds * 1000)}`]),
  ];
}

function rateText(perSecond: number): string {
  return `${Number(perSecond.toPrecision(3))}/s`;
}

/** `3`, or `3 +2 -1` while two start and one stops. */
function runningText({ counts }: Decision): string {
  if (counts === undefined) return "?";
  const starting = counts.starting > 0 ? ` +${counts.starting}` : "";
  const stopping = counts.stopping > 0 ? ` -${counts.stopping}` : "";
  return `${counts.running}${starting}${stopping}`;
}

/** One character for each instance: full if it runs, shaded while it starts, light while it stops. */
function bar(decision: Decision): string {
  const { counts } = decision;
  if (counts === undefined || presentOf(decision) > LONGEST_BAR) return "";
  const running = styleText("green", "█".repeat(counts.running));
  const starting = styleText("yellow", "▒".repeat(counts.starting));
  return `${running}${starting}${"░".repeat(counts.stopping)}`;
}
