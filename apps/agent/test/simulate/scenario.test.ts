import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { assumptions } from "../../src/simulate/assumed.ts";
import { hintsOf, loadCandidate, type Candidate } from "../../src/simulate/candidate.ts";
import { readLoad, type Load } from "../../src/simulate/load.ts";
import { drawLoad, runScenario, type ScenarioRun } from "../../src/simulate/scenario.ts";
import { createFolder } from "../run/folder.ts";

const CONFIG = `
scheduler: { use: docker }
capacity: { instances: 20 }
tasks:
  mails:
    metric: { use: nsq, topic: mails, channel: send }
    workload: { image: mails }
    target: { use: latency, within: 2s, serviceTime: 500ms, startupTime: 4s }
  orders:
    priority: 2
    metric: { use: nsq, topic: orders, channel: send }
    workload: { image: orders }
    target: { use: simple-queue, length: 5 }
`;

const STEP = "arrivals: { use: step, length: 4m, low: 8, high: 8, from: 0s, to: 1s }";
const LOAD = `tasks: { mails: { ${STEP} }, orders: { ${STEP}, service: { mean: 1s } } }`;

async function open(config = CONFIG, load = LOAD): Promise<{ candidate: Candidate; load: Load }> {
  const cwd = createFolder();
  writeFileSync(join(cwd, "microscaling.yaml"), config);
  writeFileSync(join(cwd, "load.yaml"), load);
  const candidate = await loadCandidate(undefined, cwd);
  const tasks = hintsOf([candidate]);
  return { candidate, load: await readLoad({ file: "load.yaml", cwd, tasks }) };
}

async function simulated(config?: string, load?: string): Promise<ScenarioRun["outcome"]> {
  const opened = await open(config, load);
  const drawn = drawLoad(opened.load, 1);
  return runScenario({ ...opened, drawn, seed: 1, timeline: true }).outcome;
}

/** How many instances each task has at the start. */
async function starts(config: string, load: string): Promise<(number | undefined)[]> {
  const { tasks } = await simulated(config, load);
  return tasks.map(({ timeline }) => timeline?.running[0]);
}

describe("a config", () => {
  it("says of its tasks what a load may leave out, and what their metric can show", async () => {
    const { candidate, load } = await open();
    expect(hintsOf([candidate]).get("mails")).toEqual({
      hasMetric: true,
      withinSeconds: 2,
      serviceSeconds: 0.5,
      startupSeconds: 4,
    });
    const sentences = assumptions([candidate], load);
    expect(sentences[0]).toBe(
      "mails: jobs take 500ms on average (exponential); its instances start in 4s and stop in 1s; its metric shows how many jobs wait and are in progress, every 500ms. A wait above 2s is late.",
    );
    expect(sentences[1]).toContain("start in 3s and stop in 1s");
    expect(sentences[1]).toContain("A wait above 5s is late.");
  });

  it("that comes first says what the load leaves out, for all of them", async () => {
    const [first, second] = [await open(), await open(CONFIG.replace("within: 2s", "within: 9s"))];
    expect(hintsOf([first.candidate, second.candidate]).get("mails")?.withinSeconds).toBe(2);
    expect(hintsOf([second.candidate, first.candidate]).get("mails")?.withinSeconds).toBe(9);
  });
});

describe("a run", () => {
  it("draws other jobs for each task and seed, and the same for the same", async () => {
    const { load } = await open();
    const [mails, orders] = ["mails", "orders"].map((name) => drawLoad(load, 1).get(name)!.at);
    expect(mails).not.toEqual(orders);
    expect(drawLoad(load, 1).get("mails")!.at).toEqual(mails);
    expect(drawLoad(load, 2).get("mails")!.at).not.toEqual(mails);
  });

  it("starts with what the load needs, within the bounds, unless it says how many", async () => {
    const exact = LOAD.replaceAll("mean: 1s", "mean: 1s, shape: deterministic").replace(
      "mails: {",
      "mails: { service: { mean: 500ms, shape: deterministic },",
    );
    expect(await starts(CONFIG, exact)).toEqual([4, 8]);
    const bounded = CONFIG.replace("priority: 2", "priority: 2\n    instances: { max: 6 }");
    expect(await starts(bounded, exact)).toEqual([4, 6]);
    expect(await starts(CONFIG, exact.replace("orders: {", "orders: { initial: 2,"))).toEqual([
      4, 2,
    ]);
  });

  it("is at the time of day that the load says, for schedules", async () => {
    const schedule = 'schedule: [{ start: "2 9 * * *", for: 1m, timeZone: UTC, min: 15 }]';
    const config = CONFIG.replace("  orders:", `    ${schedule}\n  orders:`);
    const mails = async (start: string): Promise<Float64Array> => {
      const { tasks } = await simulated(config, `start: ${start}\n${LOAD}`);
      return tasks[0]!.timeline!.ordered;
    };
    const [inside, outside] = [
      await mails("2026-03-02T09:00:00Z"),
      await mails("2026-03-02T19:00:00Z"),
    ];
    expect(Math.max(...inside.slice(0, 119))).toBeLessThan(15);
    expect(inside[125]).toBeGreaterThanOrEqual(15);
    expect(outside[125]).toBeLessThan(15);
  });

  it("needs from the load what the config leaves to its scheduler", async () => {
    const config = CONFIG.replace("instances: 20", "instances: 20, cpu: scheduler").replace(
      "    workload: { image: mails }",
      "    workload: { image: mails }\n    uses: { cpu: 1 }",
    );
    await expect(simulated(config)).rejects.toMatchObject({
      code: "ERR_USAGE",
      message:
        "microscaling.yaml takes the amount of cpu from its scheduler, which a simulation does not ask; add the amount to load.yaml",
    });
    const { tasks } = await simulated(config, `capacity: { cpu: 3 }\n${LOAD}`);
    expect(Math.max(...tasks[0]!.timeline!.ordered.slice(30))).toBe(3);
  });
});
