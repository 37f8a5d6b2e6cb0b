import type { Counts, Metric, MicroscalingError, Scheduler } from "@microscaling/core";
import { openState } from "../../src/act/configure.ts";
import type { Answer, Command, EngineEvent } from "../../src/events.ts";
import type { EngineSpec, TaskSpec } from "../../src/spec.ts";
import type { AgentState, Task } from "../../src/state.ts";
import { step } from "../../src/step.ts";
import { taskSpec } from "../world.ts";

/** Time as the tests see it: the monotonic clock starts at 1000, and the wall clock is so far ahead of it. */
export const START_MS = 1000;
export const EPOCH_MS = 1_700_000_000_000;

type Of<Type extends Command["type"]> = Extract<Command, { type: Type }>;

/** An engine's state to which a test tells what happens. Nothing is called, and no time passes by itself. */
export interface Opened {
  readonly state: AgentState;
  /** May be changed by the test at any time. */
  readonly now: { mono: number; wall: number; chance: number };
  readonly spec: EngineSpec;
  send(event: EngineEvent): readonly Command[];
  /** Lets time pass, then tells so. */
  wait(ms: number): readonly Command[];
  /** Observes at once and answers with `counts`, then lets one turn come. */
  count(counts: Readonly<Record<string, Counts | MicroscalingError>>): readonly Command[];
  /** Lets one turn come now. */
  turn(): readonly Command[];
  /** Answers the newest call of this kind. */
  answer(type: "observe" | "measure", answer: Answer): readonly Command[];
  answerRead(source: string, answer: Answer): readonly Command[];
  task(name?: string): Task;
}

/** What a plugin returned. */
export function value(result: unknown): Answer {
  return { kind: "value", value: result };
}

/** What a plugin threw. */
export function failed(error: unknown): Answer {
  return { kind: "error", error };
}

/** Nobody waits for the plugin any more. */
export function abandoned(error: unknown = new Error("no answer in time")): Answer {
  return { kind: "abandoned", error };
}

/** The scheduler has accepted a request. */
export const ACCEPTED: Answer = value({ status: "accepted" });

/** Counts of instances that all run. */
export function up(instances: number, more: Partial<Counts> = {}): Counts {
  return { running: instances, starting: 0, stopping: 0, requested: instances, ...more };
}

/** The commands of one type. */
export function only<Type extends Command["type"]>(
  commands: readonly Command[],
  type: Type,
): Of<Type>[] {
  return commands.filter((command): command is Of<Type> => command.type === type);
}

/** The texts that are logged. */
export function logged(commands: readonly Command[]): string[] {
  return only(commands, "log").map(({ message }) => message);
}

/** What is asked of the scheduler, as `task to instances`. */
export function scaled(commands: readonly Command[]): string[] {
  return only(commands, "scale").map(({ task, instances }) => `${task.name} to ${instances}`);
}

/** A task that always wants so many instances. */
export function fixed(name: string, instances: number, settings: Partial<TaskSpec> = {}): TaskSpec {
  return taskSpec(name, { use: "fixed", instances }, settings);
}

/** A spec with a scheduler and a metric `toy` that nobody calls. */
export function specOf(tasks: readonly TaskSpec[], changes: Partial<EngineSpec> = {}): EngineSpec {
  const scheduler = { observe() {}, scale() {}, close() {} } as unknown as Scheduler;
  const metric = { read() {}, close() {} } as unknown as Metric;
  return {
    capacity: { instances: 10 },
    tasks,
    scheduler: { name: "toy", scheduler, replaces: false, intervalMs: 1000, timeoutMs: 5000 },
    sources: new Map([["toy", { name: "toy", metric, intervalMs: 500, timeoutMs: 2000 }]]),
    shutdown: "leave",
    ...changes,
  };
}

/** A new engine's state. Nothing has happened yet. */
export function open(
  tasks: readonly TaskSpec[],
  changes: Partial<EngineSpec> = {},
  { dryRun = false, isRecorded = false } = {},
): Opened {
  const spec = specOf(tasks, changes);
  const now = { mono: START_MS, wall: EPOCH_MS + START_MS, chance: 0 };
  const state = openState(spec, { dryRun, isRecorded }, now);
  const self: Opened = {
    state,
    now,
    spec,
    send: (event) => step(state, event, now),
    wait(ms) {
      now.mono += ms;
      now.wall += ms;
      return self.send({ type: "time" });
    },
    count(counts) {
      self.send({ type: "countsChanged" });
      state.counting.pace.calmUntil = now.mono;
      const begun = self.send({ type: "time" });
      const all = new Map(Object.entries(counts));
      return [...begun, ...self.answer("observe", value(all)), ...self.turn()];
    },
    turn: () => self.wait(2),
    answer(type, answer) {
      const { pace } = type === "observe" ? state.counting : state.capacity;
      const id = pace.underWay?.id ?? -1;
      return self.send({ type: type === "observe" ? "observed" : "measured", id, answer });
    },
    answerRead(source, answer) {
      const { pace } = state.sources.find(({ name }) => name === source)!;
      return self.send({ type: "read", source, id: pace.underWay?.id ?? -1, answer });
    },
    task: (name) =>
      state.tasks.find(({ spec: { name: own } }) => name === undefined || own === name)!,
  };
  return self;
}
