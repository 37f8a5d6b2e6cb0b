import type { Document } from "./document.ts";
import { isMap, valueAt, type Path } from "./places.ts";
import { schedulerFields } from "./root-fields.ts";
import type { Variables } from "./variables.ts";

/** Where in the config the first of these variables takes effect. It overrides the value there. */
export function applyVariables(document: Document, variables: Variables): void {
  for (const secret of variables.secrets) document.secrets.add(secret);
  applyScheduler(document, variables);
  applyNsqd(document, variables);
  for (const name of taskNames(document)) {
    const path = ["tasks", name];
    const isQueue = valueAt(document.value, [...path, "target", "use"]) === "queue";
    for (const { key, value, variable } of isQueue ? variables.gains : [])
      put(document, { path: [...path, "target", key], value, variable });
  }
  document.warnings.push(...variables.warnings);
}

function applyScheduler(document: Document, variables: Variables): void {
  const { scheduler, pullImages } = variables;
  const path = ["scheduler", "use"];
  const written = valueAt(document.value, path);
  if (scheduler !== undefined && scheduler !== written) {
    replaceScheduler(document);
    put(document, { path, value: scheduler, variable: "MSS_SCHEDULER" });
  }
  const use = valueAt(document.value, path);
  for (const option of variables.options) {
    const { variable, value } = option;
    if (option.scheduler === use) {
      dropRivals(document, option.rivals);
      put(document, { path: ["scheduler", option.option], value, variable });
    }
    // DOCKER_HOST is used by many programs, so it may be set for another reason.
    else if (variable.startsWith("MSS_")) warnUseless(document, variable, use);
  }
  if (pullImages === undefined) return;
  const variable = "MSS_PULL_IMAGES";
  if (use !== "docker") warnUseless(document, variable, use);
  else
    for (const name of taskNames(document)) {
      const value = pullImages ? "always" : "never";
      put(document, { path: ["tasks", name, "workload", "pull"], value, variable });
    }
}

/** Options that say the same in another way, and are not allowed together with the option that a variable sets. */
function dropRivals(document: Document, rivals: readonly string[]): void {
  const scheduler = valueAt(document.value, ["scheduler"]);
  if (isMap(scheduler)) for (const rival of rivals) delete scheduler[rival];
}

function warnUseless(document: Document, variable: string, scheduler: unknown): void {
  document.warnings.push(
    `${variable}: has no effect because the scheduler is ${String(scheduler)}`,
  );
}

/** The options of one scheduler do not apply to another. */
function replaceScheduler(document: Document): void {
  const scheduler = valueAt(document.value, ["scheduler"]);
  if (!isMap(scheduler)) return;
  for (const key of Object.keys(scheduler))
    if (!Object.hasOwn(schedulerFields, key)) delete scheduler[key];
}

/** Makes every NSQ source read this nsqd. Adds the source if only tasks name it. */
function applyNsqd(document: Document, { nsqd }: Variables): void {
  if (nsqd === undefined) return;
  const written = valueAt(document.value, ["metrics"]);
  const sources = isMap(written) ? written : {};
  const names = Object.keys(sources).filter((name) => {
    const use = valueAt(sources[name], ["use"]);
    return use === "nsq" || (use === undefined && name === "nsq");
  });
  const uses = taskNames(document).map((name) =>
    valueAt(document.value, ["tasks", name, "metric", "use"]),
  );
  if (!Object.hasOwn(sources, "nsq") && uses.includes("nsq")) names.push("nsq");
  for (const name of names) {
    const source = sources[name];
    if (isMap(source)) delete source["lookupd"];
    const path = ["metrics", name, "nsqd"];
    put(document, { path, value: [nsqd], variable: "NSQ_STATS_ENDPOINT" });
  }
}

function taskNames(document: Document): string[] {
  const tasks = valueAt(document.value, ["tasks"]);
  return isMap(tasks) ? Object.keys(tasks) : [];
}

interface Override {
  readonly path: Path;
  readonly value: unknown;
  readonly variable: string;
}

/** Writes a value, and the maps that contain it. Does not change a value of another type there: the check refuses it later. */
function put({ value: root, places }: Document, { path, value, variable }: Override): void {
  const place = { source: { locate: () => variable }, key: 0, value: 0 };
  let holder = root;
  for (const [index, key] of path.entries()) {
    if (!isMap(holder)) return;
    if (index === path.length - 1) {
      holder[key] = value;
      places.set(holder, key, place);
    } else if ((valueAt(holder, [key]) ?? null) === null) {
      holder[key] = {};
      places.set(holder, key, place);
    }
    holder = valueAt(holder, [key]);
  }
}
