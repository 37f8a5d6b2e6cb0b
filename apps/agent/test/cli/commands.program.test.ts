import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createFolder } from "../run/folder.ts";
import { folderWith, run, TOY_CONFIG } from "./program.ts";

describe("help and usage", () => {
  it("teaches: examples and exit codes", async () => {
    const { code, stdout } = await run(createFolder(), "--help");
    expect(code).toBe(0);
    for (const words of [
      "Examples:",
      "microscaling init",
      "Exit codes:",
      "  2  a mistake in the config",
    ])
      expect(stdout).toContain(words);
  });

  it.each(["run", "validate", "plan", "simulate", "tune", "doctor", "init", "schema", "plugins"])(
    "has an example for %s",
    async (command) => {
      const { code, stdout } = await run(createFolder(), "help", command);
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`Examples?:\\n  .*microscaling ${command}`));
    },
  );

  it.each([
    [["bogus"], "unknown command 'bogus'"],
    [["help", "bogus"], "unknown command 'bogus'"],
    [["plan", "--jason"], "unknown option '--jason'"],
    [["run", "--log-format", "xml"], "Allowed choices are pretty, json"],
    [["init", "--capacity", "0"], "from 1 to 999999"],
    [[], "no command given"],
  ])("refuses %j with 2", async (words, expected) => {
    const { code, stderr } = await run(createFolder(), ...words);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error ERR_USAGE /m);
    expect(stderr).toContain(expected);
  });

  it.each(["version", "--version", "-V"])("prints its version for %s", async (word) => {
    const { code, stdout } = await run(createFolder(), word);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
  });
});

describe("validate", () => {
  it("accepts a good config", async () => {
    const { code, stdout, stderr } = await run(folderWith(TOY_CONFIG), "validate");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("is valid: 2 tasks, scheduler toy, metric toy");
  });

  it("names every mistake of a bad one, what to do, and no stack", async () => {
    const bad = TOY_CONFIG.replace("min: 1", "min: -1").replace("remainder", "remainer");
    const { code, stderr } = await run(folderWith(bad), "validate");
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error ERR_CONFIG_INVALID /);
    expect(stderr).toMatch(/^ {2}.*:7:\d+ .*min/m);
    expect(stderr).toMatch(/^ {2}.*remainer/m);
    expect(stderr).toContain("Fix each line listed above.");
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it("shows the stack with --debug", async () => {
    const { stderr } = await run(folderWith("tasks: ["), "validate", "--debug");
    expect(stderr).toMatch(/^\s+at /m);
  });

  it("ends with 2 when a plugin is not installed, and says how to install it", async () => {
    const { code, stderr } = await run(
      folderWith(TOY_CONFIG.replace("use: toy }", "use: nomad }")),
      "validate",
    );
    expect(code).toBe(2);
    expect(stderr).toContain("ERR_PLUGIN_NOT_FOUND");
    expect(stderr).toContain("@microscaling/scheduler-nomad");
  });

  it("never shows a secret", async () => {
    const folder = folderWith(
      TOY_CONFIG.replace("use: toy }", 'use: toy, startDelay: "${DELAY_TOKEN}" }'),
    );
    const { start } = await import("./program.ts");
    const { code, stdout, stderr } = await start(folder, ["validate"], { DELAY_TOKEN: "hunter22" })
      .ended;
    expect(code).toBe(2);
    expect(stdout + stderr).not.toContain("hunter22");
  });
});

describe("init", () => {
  it.each([
    ["docker", "nsq"],
    ["process", "toy"],
    ["kubernetes", "sqs"],
    ["marathon", "sqs"],
  ])("writes a config for %s and %s that validate accepts", async (scheduler, metric) => {
    const folder = createFolder();
    const made = await run(folder, "init", "--scheduler", scheduler, "--metric", metric, "--yes");
    expect(made.code).toBe(0);
    expect(made.stdout).toContain(
      `npm install @microscaling/scheduler-${scheduler} @microscaling/metric-${metric}`,
    );
    expect(await run(folder, "validate")).toMatchObject({ code: 0, stderr: "" });
  });

  it("names the task after the queue, and says what to set before", async () => {
    const folder = createFolder();
    const flags = ["--metric", "azure-queue", "--queue", "mails-2"];
    const { stdout } = await run(folder, "init", "--scheduler", "kubernetes", ...flags);
    expect(stdout).toContain("export AZURE_STORAGE_ACCOUNT_NAME=");
    const text = readFileSync(join(folder, "microscaling.yaml"), "utf8");
    expect(text).toMatch(/^ {2}mails-2:$/m);
    expect(text).toContain("metric: { use: azure-queue, queue: mails-2 }");
  });

  it.each([
    ["Mails_To.Send", "mails-to-send"],
    ["jobs.fifo", "jobs-fifo"],
    ["__", "worker"],
    ["x".repeat(80), "x".repeat(63)],
  ])("makes of the queue %s a name that Kubernetes takes", async (queue, name) => {
    const folder = createFolder();
    const flags = ["--scheduler", "kubernetes", "--metric", "sqs", "--queue", queue];
    expect(await run(folder, "init", ...flags)).toMatchObject({ code: 0 });
    const text = readFileSync(join(folder, "microscaling.yaml"), "utf8");
    expect(text).toContain(`\ntasks:\n  ${name}:\n`);
  });

  it("refuses a name that Kubernetes would refuse", async () => {
    const flags = ["--scheduler", "kubernetes", "--task", "My_Task", "--yes"];
    const { code, stderr } = await run(createFolder(), "init", ...flags);
    expect(code).toBe(2);
    expect(stderr).toMatch(/--task: expected lower-case letters.*kubernetes.*My_Task/);
  });

  it("keeps quoted words of a command together", async () => {
    const folder = createFolder();
    const command = `sh -c "sleep 1 && exec worker"`;
    await run(folder, "init", "--scheduler", "process", "--metric", "toy", "--command", command);
    const text = readFileSync(join(folder, "microscaling.yaml"), "utf8");
    expect(text).toContain('command: ["sh","-c","sleep 1 && exec worker"]');
    expect(await run(folder, "validate")).toMatchObject({ code: 0 });
  });

  it("takes a plugin that is installed, and refuses one that nobody knows", async () => {
    const folder = createFolder();
    const module = join(folder, "node_modules/microscaling-metric-mine");
    mkdirSync(module, { recursive: true });
    writeFileSync(join(module, "package.json"), '{ "name": "microscaling-metric-mine" }');
    const flags = ["--scheduler", "toy", "--metric", "mine", "--queue", "jobs"];
    const { code, stdout } = await run(folder, "init", ...flags);
    expect(code).toBe(0);
    expect(stdout).toContain("npm install @microscaling/scheduler-toy\n");
    const text = readFileSync(join(folder, "microscaling.yaml"), "utf8");
    expect(text).toContain("metric: { use: mine, queue: jobs }");
    const refused = await run(folder, "init", "--force", "--metric", "nsqq");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/--metric: expected nsq, .*mine.*did you mean "nsq"\?/);
  });

  it("takes its flags, whatever is in them", async () => {
    const folder = createFolder();
    const flags = [
      "--topic",
      "no",
      "--channel",
      "on",
      "--task",
      "true",
      "--image",
      "a/b:3",
      "--capacity",
      "42",
    ];
    await run(folder, "init", "-c", "my.yaml", ...flags);
    const text = readFileSync(join(folder, "my.yaml"), "utf8");
    for (const words of ['topic: "no"', 'channel: "on"', 'image: "a/b:3"', "instances: 42"])
      expect(text).toContain(words);
    expect(await run(folder, "validate", "--config", "my.yaml")).toMatchObject({ code: 0 });
  });

  it("never replaces a file without --force", async () => {
    const folder = folderWith("mine");
    const refused = await run(folder, "init", "--yes");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("ERR_FILE_EXISTS");
    expect(readFileSync(join(folder, "microscaling.yaml"), "utf8")).toBe("mine");
    expect(await run(folder, "init", "--yes", "--force")).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, "microscaling.yaml"), "utf8")).toContain("scheduler:");
  });
});

describe("schema and plugins", () => {
  it("prints the schema, or writes it", async () => {
    const folder = createFolder();
    const printed = await run(folder, "schema");
    expect(printed.code).toBe(0);
    const schema = JSON.parse(printed.stdout) as Record<string, unknown>;
    expect(schema).toMatchObject({ properties: { scheduler: {}, tasks: {} } });
    for (const old of ["", `{ "title": "The config of Microscaling" }`]) {
      writeFileSync(join(folder, "s.json"), old);
      expect(await run(folder, "schema", "-o", "s.json")).toMatchObject({ code: 0 });
      expect(JSON.parse(readFileSync(join(folder, "s.json"), "utf8"))).toEqual(schema);
    }
  });

  it("does not write the schema over a file that it did not write, such as the config", async () => {
    const folder = folderWith(TOY_CONFIG);
    const { code, stderr } = await run(folder, "schema", "-o", "microscaling.yaml");
    expect(code).toBe(1);
    expect(stderr).toContain(
      "error ERR_FILE_EXISTS microscaling.yaml already exists and was not written by this command",
    );
    expect(readFileSync(join(folder, "microscaling.yaml"), "utf8")).toBe(TOY_CONFIG);
  });

  it("says when the schema cannot be written", async () => {
    const { code, stderr } = await run(createFolder(), "schema", "-o", "no/such/folder.json");
    expect(code).toBe(1);
    expect(stderr).toContain("error ERR_FILE_WRITE cannot write no/such/folder.json");
  });

  it("lists the plugins that are installed", async () => {
    const { code, stdout } = await run(createFolder(), "plugins");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^KIND +NAME +PACKAGE/);
    expect(stdout).toMatch(/^metric +nsq +@microscaling\/metric-nsq/m);
    const listed = await run(createFolder(), "plugins", "--json");
    expect(JSON.parse(listed.stdout)).toContainEqual(
      expect.objectContaining({ kind: "scheduler", name: "toy" }),
    );
  });
});
