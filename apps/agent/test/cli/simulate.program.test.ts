import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createFolder } from "../run/folder.ts";
import { run } from "./program.ts";

const EXAMPLE = join(import.meta.dirname, "../../../../examples/simulate");

const CONFIG = `
scheduler: { use: toy }
capacity: { instances: 10 }
tasks:
  mails:
    priority: 1
    instances: { min: 1 }
    metric: { use: toy, value: 0 }
    target: { use: simple-queue, length: 5 }
  batch:
    priority: 2
    target: { use: remainder }
shutdown: drain
`;

const LOAD = `
tasks:
  mails:
    arrivals: { use: step, length: 4m, low: 2, high: 12, from: 60s, to: 150s }
    service: { mean: 250ms }
    startup: 2s
    within: 3s
`;

/** A load that nobody can serve from one instance: it comes at once and is over before another has started. */
const BURSTS = `
tasks:
  mails:
    arrivals: { use: on-off, length: 10m, jobs: 60, period: 60s }
    service: { mean: 250ms }
    startup: 30s
    within: 2s
`;

function folderOf(files: Record<string, string>): string {
  const folder = createFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const plain = (): string => folderOf({ "microscaling.yaml": CONFIG, "load.yaml": LOAD });

describe("simulate", () => {
  it.each(["--html", "--csv", "--json"])(
    "replaces a report of its own with %s, and no other file",
    async (flag) => {
      const folder = plain();
      const words = ["simulate", "--load", "load.yaml", flag];
      for (const code of [0, 0]) expect(await run(folder, ...words, "r")).toMatchObject({ code });
      const { code, stderr } = await run(folder, ...words, "microscaling.yaml");
      expect(code).toBe(1);
      expect(stderr).toContain(
        "ERR_FILE_EXISTS microscaling.yaml already exists and was not written",
      );
      expect(readFileSync(join(folder, "microscaling.yaml"), "utf8")).toBe(CONFIG);
    },
  );

  it("shows what the example's config would have done, and writes a page", async () => {
    const folder = createFolder();
    const page = join(folder, "report.html");
    const words = ["--load", "load.yaml", "--compare", "queue-length.yaml", "--html", page];
    const { code, stdout, stderr } = await run(EXAMPLE, "simulate", ...words);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(
      /^TASK +CONFIG +JOBS +LATE +P50 +P95 +P99 +MAX +PAID +CHANGES\/MIN +STARTS\/MIN$/m,
    );
    expect(stdout).not.toMatch(/ORDERED|θ|τ|υ/);
    expect(stdout).toMatch(/^consumer +microscaling\.yaml +\d+ +[\d.]+%/m);
    expect(stdout).toMatch(/^consumer +queue-length\.yaml +\d+ +[\d.]+%/m);
    expect(stdout).toContain("A wait above 5s is late.");
    expect(readFileSync(page, "utf8")).toContain("load.yaml with microscaling.yaml and queue");
  });

  it("shows every figure with --details", async () => {
    const { stdout } = await run(plain(), "simulate", "-l", "load.yaml", "--details");
    expect(stdout).toMatch(/ MAX +ORDERED S +READY S +PAID +READY +CHANGES\/MIN +STARTS\/MIN$/m);
    expect(stdout).toMatch(/^TASK +θ_U +θ_O +τ_U +τ_O +υ$/m);
  });

  it("is the same for the same seed, and takes several", async () => {
    const folder = plain();
    const json = async (...words: string[]): Promise<{ seeds: number[]; configs: object[] }> => {
      const { stdout } = await run(folder, "simulate", "-l", "load.yaml", "--json", "-", ...words);
      return JSON.parse(stdout) as { seeds: number[]; configs: object[] };
    };
    const [one, again, several] = [await json(), await json(), await json("--seeds", "3")];
    expect(again).toEqual(one);
    expect(several.seeds).toEqual([1, 2, 3]);
    expect(several).toMatchObject({
      load: "load.yaml",
      seconds: 240,
      configs: [
        {
          name: "microscaling.yaml",
          capacity: { instances: 10 },
          tasks: [{ name: "mails", withinSeconds: 3 }, { name: "batch" }],
        },
      ],
    });
  });

  it("gives every config the same arrivals", async () => {
    const folder = plain();
    const other = CONFIG.replace("length: 5", "length: 500");
    writeFileSync(join(folder, "b.yaml"), other);
    const words = ["--compare", "microscaling.yaml", "b.yaml", "--csv", "out.csv"];
    expect(await run(folder, "simulate", "-l", "load.yaml", ...words)).toMatchObject({ code: 0 });
    const lines = readFileSync(join(folder, "out.csv"), "utf8").split("\n");
    const arrivals = (config: string): (string | undefined)[] =>
      lines.filter((line) => line.startsWith(`${config},mails,`)).map((line) => line.split(",")[3]);
    expect(arrivals("microscaling.yaml")).toHaveLength(240);
    expect(arrivals("b.yaml")).toEqual(arrivals("microscaling.yaml"));
  });

  it("takes a CSV for the one task with a metric, and says how long jobs take if the config does", async () => {
    const latency = CONFIG.replace(
      "{ use: simple-queue, length: 5 }",
      "{ use: latency, within: 4s, serviceTime: 100ms }",
    );
    const csv = "offset_s,count\n0,120\n60,600\n120,120\n";
    const folder = folderOf({ "microscaling.yaml": latency, "yesterday.csv": csv });
    const { code, stdout } = await run(folder, "simulate", "--load", "yesterday.csv");
    expect(code).toBe(0);
    expect(stdout).toContain("yesterday.csv, 180 s, seed 1");
    expect(stdout).toContain("mails: jobs take 100ms on average (exponential)");
    expect(stdout).toContain("A wait above 4s is late.");
  });

  it("names every mistake of the load with its line, and ends with 2", async () => {
    const bad = LOAD.replace("length: 4m", "length: 4").replace("within:", "wihtin:");
    const folder = folderOf({ "microscaling.yaml": CONFIG, "load.yaml": bad });
    const { code, stderr } = await run(folder, "simulate", "--load", "load.yaml");
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error ERR_CONFIG_INVALID load\.yaml has 2 mistakes$/m);
    expect(stderr).toMatch(/^ {2}load\.yaml:4:36 tasks\.mails\.arrivals\.length: /m);
    expect(stderr).toContain('did you mean "within"?');
  });

  it.each([
    [["simulate"], "required option '-l, --load <file>'"],
    [["simulate", "-l", "load.yaml", "--seeds", "0"], 'whole number from 1 to 999999, found "0"'],
    [["tune", "-l", "load.yaml", "-o", "cheap"], 'an objective such as "late <= 0.1%, then'],
  ])("refuses %j", async (words, expected) => {
    const { code, stderr } = await run(plain(), ...words);
    expect(code).toBe(2);
    expect(stderr).toContain("ERR_USAGE");
    expect(stderr).toContain(expected);
  });

  it("says when a file cannot be written", async () => {
    const words = ["-l", "load.yaml", "--html", "no/such/folder.html"];
    const { code, stderr } = await run(plain(), "simulate", ...words);
    expect(code).toBe(1);
    expect(stderr).toContain("ERR_FILE_WRITE");
  });
});

describe("tune", () => {
  it("finds numbers that meet the objective, and prints what validate accepts", async () => {
    const folder = plain();
    const objective = "late <= 1%, then cheapest";
    const words = ["tune", "-l", "load.yaml", "-o", objective];
    const { code, stdout } = await run(folder, ...words);
    expect(code).toBe(0);
    expect(stdout).toContain("The best setting meets the objective on both parts.");
    expect(stdout).toMatch(/^The Pareto front/m);
    const { stdout: json } = await run(folder, ...words, "--json");
    const { best } = JSON.parse(json) as {
      best: { yaml: string; training: { paid: number; ready: number } };
    };
    expect(stdout).toMatch(/^LATE +P95 +P99 +PAID +READY +CHANGES +STARTS/m);
    // Starts take time, which is paid for.
    expect(best.training.paid).toBeGreaterThan(best.training.ready);
    expect(stdout).toContain(best.yaml.trim());
    const [, length] = /length: (\S+)/.exec(best.yaml)!;
    const [, min] = /min: (\d+)/.exec(best.yaml)!;
    const tuned = CONFIG.replace("length: 5", `length: ${length!}`).replace(
      "min: 1",
      `min: ${min!}`,
    );
    writeFileSync(join(folder, "microscaling.yaml"), tuned);
    expect(await run(folder, "validate")).toMatchObject({ code: 0, stderr: "" });
  });

  it("says plainly that nothing meets it, and why, and ends with 1", async () => {
    const capped = CONFIG.replace("{ min: 1 }", "{ min: 1, max: 2 }");
    const folder = folderOf({ "microscaling.yaml": capped, "load.yaml": BURSTS });
    const words = ["tune", "-l", "load.yaml", "-o", "late <= 0.1%, then cheapest"];
    const { code, stdout } = await run(folder, ...words);
    expect(code).toBe(1);
    expect(stdout).toContain('No tried setting meets "late <= 0.1%, then cheapest".');
    expect(stdout).toMatch(/mails: at \S+, work for \d+ instance-seconds arrives within 1s/);
    expect(stdout).toContain("Raise max or the capacity.");
  });
});
