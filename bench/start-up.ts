// From starting `microscaling run --once` to its first decision, against a Node that only imports the same third-party packages.
import { AGENT, importOnly, PLUGINS, recordImports, timed, withConfig } from "./children.ts";
import { median, row, type Row } from "./row.ts";

const ROUNDS = 15;
const CONFIG = `
scheduler: { use: ${PLUGINS}/scheduler-toy/dist/index.js }
capacity: { instances: 10 }
metrics:
  toy: { use: ${PLUGINS}/metric-toy/dist/index.js }
tasks:
  consumer:
    instances: { min: 1, max: 10 }
    workload: {}
    metric: { use: toy, value: 120 }
    target: { use: queue, length: 50 }
`;

/** Measures in turn: the agent, the imports, a bare Node. */
export function run(): Promise<Row[]> {
  return withConfig(CONFIG, measure);
}

async function measure(config: string): Promise<Row[]> {
  const once = [AGENT, "run", "--once", "--dry-run", "--config", config];
  const urls = await recordImports((preload) => timed([...preload, ...once]));
  const programs = [once, importOnly(urls), ["-e", "0"]];
  const times: number[][] = [[], [], []];
  // The first of each fills the caches.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [i, program] of programs.entries()) {
      const ms = await timed(program);
      if (round > 0) times[i]!.push(ms);
    }
  }
  const [agent, imports, bare] = times.map(median) as [number, number, number];
  const name = "start-up, run to first decision, against";
  return [
    row(`${name} the imports alone`, "ms", agent, imports, { ratio: 1.5 }),
    row(`${name} bare Node`, "ms", agent, bare, "reported"),
  ];
}
