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

/** The direction of a decision. */
type Change = "up" | "down" | "none";
type Tally = Record<Change, number>;

/** 50 µs to 1 s. A decision takes microseconds for a few tasks, and tens of milliseconds for 100,000. */
const SECONDS = [5e-5, 1e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.5, 1];

/** Creates the metrics in their own registry. Besides totals, only the values of the last turn are kept. */
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
    help: "Time that one turn of the loop took to decide for all tasks.",
    buckets,
    registers,
  });
  const lag = new Histogram({
    name: "microscaling_lag_seconds",
    help: "Time that the change that woke the loop had waited; 0 if the timer woke it.",
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
    "Decisions for the task, by whether they request more instances, fewer, or the same.",
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
    // The totals are kept elsewhere. prom-client accepts only increments.
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
    "Instances that the task's target wants, before any limit.",
  );
  const granted = gauge("granted_instances", "The task's share of the capacity, in instances.");
  const running = gauge("running_instances", "Instances that are up and were not asked to stop.");
  const starting = gauge("starting_instances", "Instances that were requested and are not up yet.");
  const stopping = gauge(
    "stopping_instances",
    "Instances that were asked to stop and are not gone yet.",
  );
  const limit = gauge("limit", "1 while this limit applies to the task.", ["task", "by"]);
  const believe = createBeliefs(gauge);
  const leader = gauge("leader", "1 while this agent leads, 0 while it stands by.", ["lease"]);
  const held = gauge("capacity", "The capacity, by resource.", ["resource"]);

  return (state) => {
    // An unknown value has no series, because any number would be wrong.
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

/** The estimates of targets that learn. */
function createBeliefs(
  gauge: (name: string, help: string) => Gauge,
): (task: string, belief: Belief) => void {
  const gauges: Record<keyof Belief, Gauge> = {
    arrivalRate: gauge("belief_arrivals_per_second", "Estimated jobs that arrive per second."),
    serviceRate: gauge(
      "belief_served_per_second",
      "Estimated jobs that one busy instance finishes per second.",
    ),
    startupSeconds: gauge(
      "belief_startup_seconds",
      "Estimated time from requesting an instance until it runs.",
    ),
    drainSeconds: gauge(
      "belief_drain_seconds",
      "Estimated time until no job waits, with the current instances.",
    ),
    expectedWaitSeconds: gauge(
      "belief_wait_seconds",
      "Estimated wait of a job that arrives when an instance requested now runs.",
    ),
    forecastRate: gauge(
      "belief_forecast_per_second",
      "Highest number of jobs per second that is expected until an instance requested now runs.",
    ),
    forecastShare: gauge(
      "belief_forecast_share",
      "Fraction of the squared error that recent forecasts have removed.",
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
