import type { Belief, Decision, DecisionRecord, Monitor } from "@microscaling/core";
import type { EngineState } from "@microscaling/engine";
import { forgetOthers } from "../log/forget.ts";
import type { LogHealth } from "../log/line-sink.ts";
import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** Prometheus metrics of the agent. */
export interface AgentMetrics {
  readonly monitor: Monitor;
  /** The text of `/metrics`. */
  render(state: EngineState, log: LogHealth): Promise<string>;
  readonly contentType: string;
}

/** Which way a decision went. */
type Change = "up" | "down" | "none";
type Tally = Record<Change, number>;

/** 50 µs to 1 s: deciding takes microseconds for a few tasks and tens of milliseconds for 100,000. */
const SECONDS = [5e-5, 1e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.5, 1];

/** Makes the metrics in a registry of their own. Only what the last turn said is kept, besides the totals. */
export function createMetrics(): AgentMetrics {
  const registry = new Registry();
  const tallies = new Map<string, Tally>();
  const show = createGauges(registry);
  const times = createHistograms(registry);
  const totals = createTotals(registry);

  return {
    monitor: {
      report(record) {
        // A standby asks for nothing.
        if (record.role?.leads !== false)
          for (const decision of record.decisions) count(tallies, decision);
        forgetOthers(tallies, record);
        times(record);
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    },
    render(state, log) {
      show(state);
      totals(state, tallies, log);
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}

function count(tallies: Map<string, Tally>, { task, requested, counts }: Decision): void {
  let tally = tallies.get(task);
  if (tally === undefined) tallies.set(task, (tally = { up: 0, down: 0, none: 0 }));
  const by = requested === undefined || counts === undefined ? 0 : requested - counts.requested;
  if (by === 0) tally.none += 1;
  else if (by > 0) tally.up += 1;
  else tally.down += 1;
}

function createHistograms(registry: Registry): (record: DecisionRecord) => void {
  const buckets = SECONDS;
  const registers = [registry];
  const decide = new Histogram({
    name: "microscaling_decide_seconds",
    help: "Time one turn of the loop took to decide for all tasks.",
    buckets,
    registers,
  });
  const lag = new Histogram({
    name: "microscaling_lag_seconds",
    help: "Time the change that woke the loop had waited; 0 when the timer woke it.",
    buckets,
    registers,
  });
  return (record) => {
    decide.observe(record.decideMs / 1000);
    lag.observe(record.lagMs / 1000);
  };
}

function createTotals(
  registry: Registry,
): (state: EngineState, tallies: ReadonlyMap<string, Tally>, log: LogHealth) => void {
  const counter = (name: string, help: string, labelNames: string[]): Counter =>
    new Counter({ name, help, labelNames, registers: [registry] });
  const decisions = counter(
    "microscaling_decisions_total",
    "Decisions made for the task, by whether they request more, fewer or no other instances.",
    ["task", "change"],
  );
  const metricErrors = counter(
    "microscaling_metric_errors_total",
    "Failed readings of the task's metric.",
    ["task"],
  );
  const schedulerErrors = counter(
    "microscaling_scheduler_errors_total",
    "Failed calls to the scheduler for the task.",
    ["task"],
  );
  const lostLines = counter(
    "microscaling_log_lost_lines_total",
    "Log lines that could not be written.",
    [],
  );
  return (state, tallies, log) => {
    // The totals live elsewhere; prom-client can only be told increments.
    for (const total of [decisions, metricErrors, schedulerErrors, lostLines]) total.reset();
    lostLines.inc(log.lost);
    for (const { name: task, metricFailures, schedulerFailures } of state.tasks) {
      metricErrors.inc({ task }, metricFailures);
      schedulerErrors.inc({ task }, schedulerFailures);
      for (const [change, n] of Object.entries(tallies.get(task) ?? {}))
        decisions.inc({ task, change }, n);
    }
  };
}

function createGauges(registry: Registry): (state: EngineState) => void {
  const gauges: Gauge[] = [];
  const gauge = (name: string, help: string, labelNames: string[] = ["task"]): Gauge => {
    const registers = [registry];
    const made = new Gauge({ name: `microscaling_${name}`, help, labelNames, registers });
    gauges.push(made);
    return made;
  };
  const value = gauge("metric_value", "Newest reading of the task's metric: jobs, for a queue.");
  const age = gauge("metric_age_seconds", "Age of the task's newest reading.");
  const countsAge = gauge("counts_age_seconds", "Age of the task's newest counts.");
  const desired = gauge(
    "desired_instances",
    "Instances the task's target would like, before any limit.",
  );
  const granted = gauge("granted_instances", "The task's share of the capacity, in instances.");
  const running = gauge("running_instances", "Instances that are up and not asked to stop.");
  const starting = gauge("starting_instances", "Instances requested and not up yet.");
  const stopping = gauge("stopping_instances", "Instances asked to stop and not gone yet.");
  const limit = gauge("limit", "1 while this limits what the task gets.", ["task", "by"]);
  const believe = createBeliefs(gauge);
  const leader = gauge("leader", "1 while this agent leads, 0 while it stands by.", ["lease"]);
  const held = gauge("capacity", "What there is to share, by resource.", ["resource"]);

  return (state) => {
    // What is unknown has no series: a number would be a lie.
    for (const each of gauges) each.reset();
    if (state.role !== undefined) leader.set({ lease: state.role.lease }, state.role.leads ? 1 : 0);
    for (const [resource, amount] of Object.entries(state.capacity)) held.set({ resource }, amount);
    for (const { name: task, readingAgeMs, countsAgeMs } of state.tasks) {
      if (readingAgeMs !== undefined) age.set({ task }, readingAgeMs / 1000);
      if (countsAgeMs !== undefined) countsAge.set({ task }, countsAgeMs / 1000);
    }
    for (const { task, reading, counts, limits, belief, ...decision } of state.record?.decisions ??
      []) {
      desired.set({ task }, decision.desired);
      granted.set({ task }, decision.granted);
      if (reading !== undefined) value.set({ task }, reading.value);
      if (counts !== undefined) {
        running.set({ task }, counts.running);
        starting.set({ task }, counts.starting);
        stopping.set({ task }, counts.stopping);
      }
      for (const { by } of limits) limit.set({ task, by }, 1);
      if (belief !== undefined) believe(task, belief);
    }
  };
}

/** What targets that learn go by. */
function createBeliefs(
  gauge: (name: string, help: string) => Gauge,
): (task: string, belief: Belief) => void {
  const gauges: Record<keyof Belief, Gauge> = {
    arrivalRate: gauge("belief_arrivals_per_second", "Jobs that are believed to arrive."),
    serviceRate: gauge("belief_served_per_second", "Jobs that one busy instance finishes."),
    startupSeconds: gauge("belief_startup_seconds", "From requesting an instance until it runs."),
    drainSeconds: gauge(
      "belief_drain_seconds",
      "Until nothing waits, with the instances there are.",
    ),
    expectedWaitSeconds: gauge(
      "belief_wait_seconds",
      "Wait of a job that arrives when an instance requested now would run.",
    ),
    forecastRate: gauge(
      "belief_forecast_per_second",
      "Most jobs expected per second until an instance requested now runs.",
    ),
    forecastShare: gauge(
      "belief_forecast_share",
      "Fraction of the squared error that the forecast has removed of late.",
    ),
  };
  return (task, belief) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a record are its own
    for (const key of Object.keys(gauges) as (keyof Belief)[]) {
      const value = belief[key];
      if (value !== undefined) gauges[key].set({ task }, value);
    }
  };
}
