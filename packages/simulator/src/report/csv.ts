import { arrivalsOf, demandOf, type Report, type ReportConfig, type ReportTask } from "./report.ts";

const HEAD =
  "config,task,second,arrivals,waiting,longest_wait_s,expected_wait_s,demand,ordered,running";

/** Writes every second of the first run as CSV, with one line for each config, task and second. Missing values are empty. */
export function reportCsv({ configs, seconds }: Report): string {
  const lines = configs.flatMap((config) =>
    config.tasks.flatMap((task) => linesOf(config, task, seconds)),
  );
  return [HEAD, ...lines, ""].join("\n");
}

function linesOf(config: ReportConfig, task: ReportTask, seconds: number): string[] {
  const { jobs, timeline, expectedWait } = task;
  const names = `${quote(config.name)},${quote(task.name)}`;
  const arrivals = jobs && arrivalsOf(jobs, seconds);
  const demand = jobs && demandOf(jobs, seconds);
  const columns = [
    arrivals,
    jobs && timeline.waiting,
    jobs && timeline.oldestWait,
    expectedWait,
    demand,
    timeline.ordered,
    timeline.running,
  ];
  return Array.from({ length: timeline.running.length }, (_, second) => {
    const cells = columns.map((column) => written(column?.[second]));
    return `${names},${second},${cells.join(",")}`;
  });
}

function written(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "";
  return String(Math.round(value * 1000) / 1000);
}

function quote(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
