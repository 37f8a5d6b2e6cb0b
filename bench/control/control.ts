// The proof of the latency target: it against its rivals, on the same arrivals. Exit code 1 when a bar is missed.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Bar } from "./bar.ts";
import { certificateBar, contentionBars, lengthBars, plantBars } from "./bars.ts";
import {
  constantBars,
  dailyBars,
  forecastBars,
  paceBars,
  todayBar,
  worldBars,
} from "./bars-rows.ts";
import type { Case, Result } from "./case.ts";
import { contend } from "./contention.ts";
import { CONTROLLERS } from "./controllers.ts";
import { dominanceBars } from "./dominance.ts";
import { certificateCases, extraCases, sweepCases, traceCases } from "./extras.ts";
import { constantCases, dailyCases, paceCases } from "./long.ts";
import { writeFigures } from "./pareto.ts";
import { runAll } from "./pool.ts";
import { lengthOnly, suiteCases } from "./suite.ts";
import { cellsOf, plantsOf } from "./summary.ts";
import { barTable, cellTable, pairedTable, pairedWith, plantTable } from "./tables.ts";
import { worldCases } from "./worlds.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    seeds: { type: "string", default: "30" },
    traces: { type: "string" },
  },
});
const seeds = Number(options.seeds);
if (!Number.isInteger(seeds) || seeds < 1)
  throw new Error(`--seeds: expected a whole number from 1, found ${options.seeds}.`);
const controllers = Object.keys(CONTROLLERS).filter((name) => name.includes(options.only));
if (controllers.length === 0)
  throw new Error(`--only: expected a part of one of ${Object.keys(CONTROLLERS).join(", ")}.`);
/** Someone who tunes looks at one controller, at the suite alone. */
const isWhole = options.only === "";
const isSuite = options.traces === undefined;

const from = performance.now();
const results = await runAll(chooseCases());
const of = (part: Case["part"]): Result[] => results.filter((result) => result.part === part);
const suite = cellsOf(of("suite"));
const length = cellsOf(of("length"));
const constant = cellsOf(of("constant"));
const pace = cellsOf(of("pace"));
const daily = cellsOf(of("daily"));
const extra = cellsOf(of("extra"));
const worlds = cellsOf(of("worlds"));
const sweep = cellsOf(of("sweep"));
const paired = pairedWith(of("suite"));
const bars = judge();
const ok = bars.every((bar) => bar.ok);
const seconds = Math.round((performance.now() - from) / 1000);

if (!ok) process.exitCode = 1;
process.stdout.write(
  options.json
    ? `${JSON.stringify({ seeds, suite, plants: plantsOf(suite), length, constant, pace, daily, extra, worlds, sweep, paired, bars, ok, seconds }, null, 2)}\n`
    : asText(),
);

function chooseCases(): Case[] {
  const loads =
    options.traces === undefined
      ? suiteCases(seeds, controllers)
      : traceCases(resolve(options.traces), seeds, controllers);
  const cases = [...loads, ...lengthOnly(loads)];
  if (!isWhole || !isSuite) return cases;
  return [
    ...cases,
    ...constantCases(seeds, controllers),
    // A day has many jobs, so a few seeds are enough.
    ...paceCases(Math.ceil(seeds / 10), controllers),
    ...dailyCases(Math.ceil(seeds / 10), controllers),
    ...extraCases(seeds, controllers),
    ...worldCases(seeds),
    // The sweep has 13 suites in it, and the certificate wants about 1,000 scenarios at 30 seeds.
    ...sweepCases(Math.ceil(seeds / 6)),
    ...certificateCases(Math.ceil((seeds * 1000) / 30)),
  ];
}

function judge(): Bar[] {
  const each = [
    ...plantBars(plantsOf(suite), isSuite),
    ...lengthBars(plantsOf(length), isSuite),
    ...(isWhole ? dominanceBars([...suite, ...constant, ...pace, ...daily, ...extra]) : []),
  ];
  if (!isWhole || !isSuite) return each;
  const scenarios = of("certificate").map(({ late }) => late);
  return [
    ...each,
    ...constantBars(constant),
    ...paceBars(plantsOf(pace)),
    ...dailyBars(daily),
    ...forecastBars(plantsOf(suite)),
    ...worldBars(worlds),
    todayBar([...extra, ...worlds]),
    ...contentionBars(contend(seeds)),
    certificateBar(scenarios),
  ];
}

function asText(): string {
  const parts = [
    ["Each load, means over the seeds", cellTable(suite)],
    ["Each plant, means over the loads", plantTable(plantsOf(suite))],
    ["The queue's length as the only signal", cellTable([...length, ...plantsOf(length)])],
    ["Constant loads, two hours", constant.length > 0 && cellTable(constant)],
    ["Traces at their own pace, a day", pace.length > 0 && cellTable([...pace, ...plantsOf(pace)])],
    ["A daily pattern, its third day", daily.length > 0 && cellTable(daily)],
    ["Loads that nobody can always win", extra.length > 0 && cellTable(extra)],
    ["Worse worlds", worlds.length > 0 && cellTable(worlds)],
    ["Robustness, means over the loads", sweep.length > 0 && cellTable(sweep)],
    ["Seed by seed", isWhole && paired.length > 0 && pairedTable(paired)],
    ["Bars", barTable(bars)],
    ["Figures", isWhole && `${writeFigures(plantsOf(suite))}\n`],
    ["Verdict", `${ok ? "ok" : "MISSED"}, ${seeds} seeds, ${seconds} s\n`],
  ] as const;
  return parts
    .filter(([, text]) => text !== false)
    .map(([title, text]) => `\n${title}\n\n${text}`)
    .join("");
}
