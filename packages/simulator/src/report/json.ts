import type { Report } from "./report.ts";

/** Writes the figures of a report as JSON, without the charts. Waits are in seconds, `late` is a fraction, elasticity is in percent. */
export function reportJson({ load, seconds, seeds, assumed, configs }: Report): string {
  const figures = configs.map(({ name, capacity, tasks }) => ({
    name,
    capacity,
    tasks: tasks.map((task) => ({
      name: task.name,
      withinSeconds: task.withinSeconds,
      figures: task.figures,
    })),
  }));
  return `${JSON.stringify({ load, seconds, seeds, assumed, configs: figures }, null, 2)}\n`;
}
