import type { LeaseState } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import { stepElection } from "../src/act/elect.ts";
import {
  openElection,
  roleAt,
  termAt,
  wakeElectionAt,
  type Answered,
  type ElectionCommand,
  type ElectionEvent,
} from "../src/act/election.ts";

const DURATION_MS = 15_000;
const TERM_MS = 10_000;
const EVERY_MS = 2000;
const HOUR_MS = 3_600_000;

/** An agent named `a`, and what it asked for last. */
function candidate(durationMs = DURATION_MS) {
  const election = openElection({ lease: "ops/main", holder: "a", durationMs });
  const numbers = { nextId: 1 };
  const lines: string[] = [];
  let mono = 0;
  let commands: readonly ElectionCommand[] = [];

  function send(event: ElectionEvent): void {
    commands = stepElection(election, event, { mono }, numbers);
    for (const command of commands) if (command.type === "log") lines.push(command.message);
  }

  function call(): Extract<ElectionCommand, { timeoutMs: number }> | undefined {
    return commands.find(
      (command) => command.type === "readLease" || command.type === "writeLease",
    );
  }

  function answer(given: Answered["answer"], id = call()?.id ?? 0): void {
    send({ type: call()?.type === "readLease" ? "leaseRead" : "leaseWritten", id, answer: given });
  }

  /** Time passes, and whatever falls due is begun. */
  function pass(ms: number): void {
    mono += ms;
    send({ type: "time" });
  }

  const self = {
    election,
    lines,
    pass,
    answer,
    send,
    call,
    /** The time passes unnoticed, as for a process that is stopped. */
    freeze: (ms: number): void => void (mono += ms),
    commands: () => commands,
    finds: (value: unknown): void => answer({ kind: "value", value }),
    fails: (message = "the lease cannot be reached"): void =>
      answer({ kind: "error", error: new Error(message) }),
    term: () => termAt(election, mono),
    role: () => roleAt(election, mono),
    wakeInMs: () => wakeElectionAt(election) - mono,
    now: () => mono,
    /** It takes the lease that nobody has. */
    elect(): void {
      pass(0);
      self.finds(undefined);
      self.finds(lease("a"));
    },
  };
  return self;
}

let versions = 0;

function lease(holder: string, settings: Partial<Record<keyof LeaseState, unknown>> = {}): unknown {
  return { holder, durationMs: DURATION_MS, version: `v${++versions}`, ...settings };
}

describe("a standby", () => {
  it("reads the lease, and writes over what it found", () => {
    const a = candidate();
    a.pass(0);
    expect(a.commands()).toEqual([{ type: "readLease", id: 1, timeoutMs: 5000 }]);
    a.finds(lease("", { version: "v-free" }));
    expect(a.commands()).toEqual([
      {
        type: "writeLease",
        id: 2,
        timeoutMs: 5000,
        claim: { holder: "a", durationMs: DURATION_MS },
        over: "v-free",
      },
    ]);
    expect(a.term()).toBeUndefined();
    a.finds(lease("a"));
    expect(a.term()).toMatchObject({ id: 1, since: 0 });
    expect(a.commands()).toContainEqual({ type: "roleChanged" });
  });

  it("takes another's lease a whole duration after it saw the last change, at once and no sooner", () => {
    const a = candidate();
    a.pass(1000);
    const first = lease("b");
    a.finds(first);
    a.pass(EVERY_MS);
    a.finds(lease("b", { version: "renewed" }));
    for (let waitedMs = 0; waitedMs < DURATION_MS - 1000; waitedMs += EVERY_MS) {
      expect(a.call()).toBeUndefined();
      a.pass(EVERY_MS);
      a.finds(lease("b", { version: "renewed" }));
    }
    expect(a.now()).toBe(1000 + EVERY_MS + 14_000);
    expect(a.call()).toBeUndefined();
    expect(a.wakeInMs()).toBe(1000);
    a.pass(1000);
    a.finds(lease("b", { version: "renewed" }));
    expect(a.call()).toMatchObject({ type: "writeLease", over: "renewed" });
  });

  it("sees a change also where the plugin changes its own object", () => {
    const a = candidate();
    const own = { holder: "b", durationMs: DURATION_MS, version: "v0" };
    for (let look = 0; look < 20; look++) {
      a.pass(EVERY_MS);
      own.version = `own-${look}`;
      a.finds(own);
      expect(a.call()).toBeUndefined();
    }
  });

  it.each([
    ["0", 0, DURATION_MS],
    ["a negative one", -5, DURATION_MS],
    ["no number", Number.NaN, DURATION_MS],
    ["text", "15s", DURATION_MS],
    ["none", undefined, DURATION_MS],
    ["less than any agent writes", 5, 1000],
    ["more than any agent writes", 1e300, HOUR_MS],
    ["for ever", Number.POSITIVE_INFINITY, HOUR_MS],
  ])("waits a bounded time for a lease whose duration is %s", (_, durationMs, waitMs) => {
    const a = candidate();
    a.pass(0);
    const found = lease("stranger", { durationMs });
    a.finds(found);
    expect(a.role()).toMatchObject({ leads: false, leader: "stranger" });
    a.pass(waitMs - 1);
    a.finds(found);
    expect(a.call()).toBeUndefined();
    a.pass(1);
    a.finds(found);
    expect(a.call()).toMatchObject({ type: "writeLease" });
  });

  it("waits for a lease that is gone as if it had just been renewed, also by one whom it never saw", () => {
    const a = candidate();
    a.pass(0);
    a.finds(lease("", { version: "free" }));
    // Another one is faster; its lease is deleted before anybody has read it.
    a.finds(undefined);
    a.finds(undefined);
    expect(a.call()).toBeUndefined();
    a.pass(DURATION_MS - 1);
    a.finds(undefined);
    expect(a.call()).toBeUndefined();
    a.pass(1);
    a.finds(undefined);
    expect(a.call()).toMatchObject({ type: "writeLease", over: undefined });
  });

  it("waits for a lease that is gone as long as its holder's duration, where that is longer than its own", () => {
    const a = candidate();
    a.pass(0);
    a.finds(lease("b", { durationMs: 4 * DURATION_MS }));
    a.pass(EVERY_MS);
    a.finds(undefined);
    a.pass(4 * DURATION_MS - 1);
    a.finds(undefined);
    expect(a.call()).toBeUndefined();
    a.pass(1);
    a.finds(undefined);
    expect(a.call()).toMatchObject({ type: "writeLease" });
  });

  it("is not elected by a write that names another", () => {
    const a = candidate();
    a.pass(0);
    a.finds(undefined);
    a.finds(lease("b"));
    expect(a.term()).toBeUndefined();
    expect(a.role()).toMatchObject({ leads: false, leader: "b" });
  });

  it("is not elected by an answer that comes when its term would be over", () => {
    const a = candidate();
    a.pass(0);
    a.finds(undefined);
    a.freeze(TERM_MS);
    a.finds(lease("a"));
    expect(a.term()).toBeUndefined();
    expect(a.lines).toEqual([]);
  });

  it("gives up for now when its writes come second twice", () => {
    const a = candidate();
    a.pass(0);
    a.finds(undefined);
    a.finds(undefined);
    a.finds(lease(""));
    a.finds(undefined);
    expect(a.commands()).toEqual([]);
    expect(a.wakeInMs()).toBe(EVERY_MS);
  });

  it("ignores the answer to a call that is no longer waited for", () => {
    const a = candidate();
    const late = { kind: "value", value: lease("a") } as const;
    a.pass(0);
    const first = a.call()!.id;
    a.answer({ kind: "abandoned", error: new Error("late") });
    a.pass(EVERY_MS);
    const second = a.call()!.id;
    a.send({ type: "leaseRead", id: first, answer: { kind: "value", value: undefined } });
    expect(a.election.phase).toMatchObject({ is: "reading", id: second });
    a.send({ type: "leaseRead", id: second, answer: { kind: "value", value: undefined } });
    const third = a.call()!.id;
    a.send({ type: "leaseWritten", id: first, answer: late });
    expect(a.election.phase).toMatchObject({ is: "writing", term: undefined, id: third });
  });

  it.each([null, "text", 3, { holder: 3, version: "v1" }, { holder: "b" }])(
    "takes %j for a failure, not for a lease",
    (found) => {
      const a = candidate();
      a.pass(0);
      a.finds(found);
      expect(a.commands()).toHaveLength(1);
      expect(a.lines.join()).toMatch(
        /^lease ops\/main: expected a holder, a duration and a version/,
      );
      expect(a.wakeInMs()).toBe(EVERY_MS);
    },
  );

  it("says once who leads, and not who led when that lease has run out", () => {
    const a = candidate();
    a.pass(0);
    const found = lease("b");
    a.finds(found);
    a.pass(EVERY_MS);
    a.finds(found);
    expect(a.lines).toEqual(["standby: b leads (lease ops/main)"]);
    expect(a.role()).toEqual({ lease: "ops/main", leads: false, leader: "b" });
    a.freeze(DURATION_MS);
    expect(a.role()).toEqual({ lease: "ops/main", leads: false, leader: undefined });
  });

  it("says once what the trouble is, until an attempt succeeds", () => {
    const a = candidate();
    for (let attempt = 0; attempt < 3; attempt++) {
      a.pass(EVERY_MS);
      a.finds(undefined);
      a.fails();
    }
    expect(a.lines).toEqual(["lease ops/main: the lease cannot be reached"]);
    a.pass(EVERY_MS);
    a.finds(lease("b"));
    a.pass(EVERY_MS);
    a.fails();
    expect(a.lines).toHaveLength(3);
  });
});

describe("a leader", () => {
  it("renews its lease with one write, and stays in its term", () => {
    const a = candidate();
    a.elect();
    for (let renewal = 1; renewal < 10; renewal++) {
      expect(a.wakeInMs()).toBe(EVERY_MS);
      a.pass(EVERY_MS - 1);
      expect(a.commands()).toEqual([]);
      a.pass(1);
      expect(a.commands()).toHaveLength(1);
      expect(a.call()).toMatchObject({ type: "writeLease" });
      a.finds(lease("a"));
      expect(a.term()).toEqual({ id: 1, since: 0, until: a.now() + TERM_MS });
    }
    expect(a.lines).toEqual(["leads now (lease ops/main)"]);
  });

  it("counts its time from the sending of a renewal, not from the answer", () => {
    const a = candidate();
    a.elect();
    a.pass(EVERY_MS);
    a.freeze(4000);
    a.finds(lease("a"));
    expect(a.term()?.until).toBe(EVERY_MS + TERM_MS);
  });

  it("is woken when its term ends though a call is under way, and says so", () => {
    const a = candidate();
    a.elect();
    a.pass(EVERY_MS);
    expect(a.wakeInMs()).toBe(TERM_MS - EVERY_MS);
    a.pass(TERM_MS - EVERY_MS - 1);
    expect(a.term()).toBeDefined();
    a.pass(1);
    expect(a.term()).toBeUndefined();
    expect(a.commands()).toContainEqual({ type: "roleChanged" });
    expect(a.lines.at(-1)).toBe(
      "no longer leads: could not renew its lease within 10s (lease ops/main)",
    );
  });

  it("does not lead once its time is over, also before anything has told it", () => {
    const a = candidate();
    a.elect();
    a.freeze(TERM_MS);
    expect(a.term()).toBeUndefined();
    expect(a.role()).toEqual({ lease: "ops/main", leads: false, leader: undefined });
  });

  it("begins a new term when a renewal is heard of after the old term was over", () => {
    const a = candidate();
    a.elect();
    a.pass(TERM_MS - 1);
    a.freeze(2);
    a.finds(lease("a"));
    expect(a.term()).toMatchObject({ id: 2, since: TERM_MS + 1 });
  });

  it("reads before it writes again when a renewal may or may not have got through", () => {
    const a = candidate();
    a.elect();
    a.pass(EVERY_MS);
    a.fails();
    a.pass(EVERY_MS);
    expect(a.call()).toMatchObject({ type: "readLease" });
    a.finds(lease("a", { version: "got through" }));
    expect(a.call()).toMatchObject({ type: "writeLease", over: "got through" });
    a.finds(lease("a"));
    expect(a.term()).toMatchObject({ id: 1 });
  });

  it.each([
    ["another's", lease("b"), "standby: b leads (lease ops/main)"],
    ["deleted", undefined, "no longer leads: its lease was deleted or freed (lease ops/main)"],
    ["freed", lease(""), "no longer leads: its lease was deleted or freed (lease ops/main)"],
  ])("ends its term when it finds its lease %s", (_, found, line) => {
    const a = candidate();
    a.elect();
    a.pass(EVERY_MS);
    a.finds(undefined);
    expect(a.term()).toBeDefined();
    a.finds(found);
    expect(a.term()).toBeUndefined();
    expect(a.lines.at(-1)).toBe(line);
  });

  it("claims no longer than others wait", () => {
    const a = candidate(30 * HOUR_MS);
    a.pass(0);
    a.finds(undefined);
    expect(a.call()).toMatchObject({ claim: { durationMs: HOUR_MS } });
  });
});

describe("an agent that ends", () => {
  it("ends its term at once and gives its lease back", () => {
    const a = candidate();
    a.elect();
    a.send({ type: "end" });
    expect(a.term()).toBeUndefined();
    expect(a.commands()).toEqual([
      {
        type: "writeLease",
        id: 3,
        timeoutMs: 5000,
        claim: { holder: "", durationMs: DURATION_MS },
        over: a.election.lease.found?.version,
      },
    ]);
    a.finds(lease(""));
    expect(a.election.phase).toEqual({ is: "ended" });
    a.send({ type: "end" });
    expect(a.commands()).toEqual([]);
    a.pass(HOUR_MS);
    expect(a.commands()).toEqual([]);
    expect(a.wakeInMs()).toBe(Number.POSITIVE_INFINITY);
  });

  it("leaves another's lease alone", () => {
    const a = candidate();
    a.pass(0);
    a.finds(lease("b"));
    a.send({ type: "end" });
    expect(a.commands()).toEqual([]);
    expect(a.election.phase).toEqual({ is: "ended" });
  });

  it("finds out what became of a write under way, and gives back what it took", () => {
    const a = candidate();
    a.pass(0);
    a.finds(undefined);
    const write = a.call()!.id;
    a.send({ type: "end" });
    expect(a.commands()).toMatchObject([{ type: "cancel", id: write }, { type: "readLease" }]);
    a.finds(lease("a", { version: "taken" }));
    expect(a.call()).toMatchObject({ claim: { holder: "" }, over: "taken" });
    a.fails();
    expect(a.election.phase).toEqual({ is: "ended" });
  });

  it("waits for the answer to its newest call alone", () => {
    const a = candidate();
    const cancelled = { kind: "abandoned", error: new Error("cancelled") } as const;
    a.pass(0);
    const first = a.call()!.id;
    a.send({ type: "end" });
    const second = a.call()!.id;
    a.send({ type: "leaseRead", id: first, answer: cancelled });
    expect(a.election.phase).toEqual({ is: "leaving", id: second });
    a.send({ type: "leaseRead", id: second, answer: { kind: "value", value: lease("a") } });
    const third = a.call()!.id;
    a.send({ type: "leaseWritten", id: first, answer: cancelled });
    expect(a.election.phase).toEqual({ is: "returning", id: third });
  });

  it.each([
    ["has another's", lease("b")],
    ["has no", undefined],
  ])("ends when it turns out that it %s lease", (_, found) => {
    const a = candidate();
    a.send({ type: "end" });
    a.finds(found);
    expect(a.commands()).toEqual([]);
    expect(a.election.phase).toEqual({ is: "ended" });
  });

  it("ends though the lease cannot be read", () => {
    const a = candidate();
    a.elect();
    a.pass(EVERY_MS);
    a.send({ type: "end" });
    a.lines.length = 0;
    a.fails();
    expect(a.commands()).toEqual([]);
    expect(a.election.phase).toEqual({ is: "ended" });
    expect(a.lines).toEqual([]);
  });
});
