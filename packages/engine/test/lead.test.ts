import { createTestClock } from "@microscaling/conformance";
import { silentLogger, type Clock, type Lease } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import { createLeadership, type Leadership } from "./leadership.ts";
import { createMemoryLease, fair, type Weather } from "./memory-lease.ts";

const DURATION_MS = 15_000;
/** How soon everyone has looked again. */
const LOOK_MS = 2100;

function createField() {
  const clock = createTestClock();
  const lease = createMemoryLease(clock);
  const weather = { now: fair };
  const lines: string[] = [];
  const changes: string[] = [];
  function agent(holder: string, own: { clock?: Clock; lease?: Lease } = {}): Leadership {
    const logger = { ...silentLogger, info: tell, warn: tell };
    function tell(message: string): void {
      lines.push(`${holder}: ${message}`);
    }
    const leadership = createLeadership(
      own.lease ?? lease.in(() => weather.now),
      { lease: "ops/main", holder, durationMs: DURATION_MS },
      { clock: own.clock ?? clock, logger, changed: () => void changes.push(holder) },
    );
    void leadership.run();
    return leadership;
  }
  return { clock, lease, weather, lines, changes, agent };
}

const storm: Weather = { ...fair, fails: "unsent" };
const calm: Weather = { ...fair, beforeMs: Number.MAX_SAFE_INTEGER };
const patient = (): AbortSignal => new AbortController().signal;

describe("an election", () => {
  it("makes the first one leader and lets the others know who it is", async () => {
    const { clock, agent } = createField();
    const [a, b] = [agent("a"), agent("b")];
    await clock.advance(LOOK_MS);
    expect(a.role()).toEqual({ lease: "ops/main", leads: true, leader: "a" });
    expect(b.role()).toEqual({ lease: "ops/main", leads: false, leader: "a" });
    expect(b.term()).toBeUndefined();
  });

  it("changes nothing for hours while the leader renews its lease, with one write each time", async () => {
    const { clock, agent, lease, lines, changes } = createField();
    const [a, b] = [agent("a"), agent("b")];
    await clock.advance(LOOK_MS);
    const term = a.term();
    const before = lease.writes.length;
    await clock.advance(3_600_000);
    expect(a.term()).toBe(term);
    expect(term?.signal.aborted).toBe(false);
    expect(b.term()).toBeUndefined();
    expect(changes).toEqual(["a", "b"]);
    expect(lease.writes.length - before).toBeLessThanOrEqual(1801);
    expect(lines).toEqual([
      "a: leads now (lease ops/main)",
      "b: standby: a leads (lease ops/main)",
    ]);
  });

  it("hands over at once when the leader ends", async () => {
    const { clock, agent, lease } = createField();
    const a = agent("a");
    await clock.advance(LOOK_MS);
    const term = a.term();
    const b = agent("b");
    await clock.advance(LOOK_MS);
    const ended = a.end(patient());
    await clock.advance(10);
    await ended;
    expect(term?.signal.aborted).toBe(true);
    expect(lease.state()?.holder).toBe("");
    await clock.advance(LOOK_MS);
    expect(b.role()).toEqual({ lease: "ops/main", leads: true, leader: "b" });
  });

  it("leaves the lease of another alone when a standby ends", async () => {
    const { clock, agent, lease } = createField();
    const a = agent("a");
    await clock.advance(LOOK_MS);
    const b = agent("b");
    await clock.advance(LOOK_MS);
    await Promise.all([b.end(patient()), clock.advance(10)]);
    expect(lease.state()?.holder).toBe("a");
    expect(a.role()).toMatchObject({ leads: true });
  });

  it("gives back what it took without hearing of it", async () => {
    const { clock, agent, lease, weather } = createField();
    weather.now = { ...fair, fails: "unheard" };
    const read: Lease = {
      ...lease.in(() => weather.now),
      read: (signal) => lease.in(() => fair).read(signal),
    };
    const a = agent("a", { lease: read });
    await clock.advance(10);
    expect(lease.state()?.holder).toBe("a");
    weather.now = fair;
    await Promise.all([a.end(patient()), clock.advance(10)]);
    expect(lease.state()?.holder).toBe("");
  });

  it("lets another take the lease of one that died once it has run out, and no sooner", async () => {
    const { clock, agent, lease } = createField();
    lease.put({ holder: "dead", durationMs: 20_000 });
    const b = agent("b");
    await clock.advance(20_000);
    expect(b.role()).toEqual({ lease: "ops/main", leads: false, leader: "dead" });
    await clock.advance(10);
    expect(b.role()).toEqual({ lease: "ops/main", leads: true, leader: "b" });
  });

  it("goes by what it sees change, whatever its clock says", async () => {
    const { clock, agent, lease } = createField();
    let offset = 0;
    const b = agent("b", { clock: { ...clock, now: () => clock.now() + offset } });
    for (let second = 0; second < 120; second++) {
      lease.put({ holder: "other", durationMs: DURATION_MS });
      offset += 1e9;
      await clock.advance(1000);
      expect(b.term()).toBeUndefined();
    }
  });

  it("waits as long for one whose lease was deleted as if it had just been renewed", async () => {
    const { clock, agent, lease } = createField();
    lease.put({ holder: "alive", durationMs: DURATION_MS });
    const b = agent("b");
    await clock.advance(5000);
    lease.put(undefined);
    await clock.advance(DURATION_MS);
    expect(b.term()).toBeUndefined();
    await clock.advance(LOOK_MS);
    expect(b.role()).toMatchObject({ leads: true });
  });
});

describe("a leader", () => {
  it.each([
    ["cannot be reached", storm],
    ["does not answer", calm],
    ["does not answer nor heed a signal", { ...calm, deaf: true }],
  ])("ends in time when the lease %s, and leads again when it is back", async (_, bad) => {
    const { clock, agent, weather, lines } = createField();
    const a = agent("a");
    await clock.advance(LOOK_MS);
    const term = a.term();
    weather.now = bad;
    // Others may take the lease 15 s after they saw the last renewal.
    await clock.advance(10_010);
    expect(term?.signal.aborted).toBe(true);
    expect(a.role()).toEqual({ lease: "ops/main", leads: false, leader: undefined });
    await clock.advance(30_000);
    expect(lines.filter((line) => line.includes("no longer leads"))).toEqual([
      "a: no longer leads: could not renew its lease within 10s (lease ops/main)",
    ]);
    weather.now = fair;
    await clock.advance(DURATION_MS);
    expect(a.role()).toMatchObject({ leads: true });
    expect(a.term()).not.toBe(term);
  });

  it("says once what the trouble is", async () => {
    const { clock, agent, weather, lines } = createField();
    agent("a");
    await clock.advance(LOOK_MS);
    weather.now = storm;
    await clock.advance(60_000);
    expect(lines.filter((line) => line.includes("cannot be reached"))).toHaveLength(1);
  });

  it("goes on when a renewal got through without its hearing of it", async () => {
    const { clock, agent, weather } = createField();
    const a = agent("a");
    await clock.advance(LOOK_MS);
    const term = a.term();
    weather.now = { ...fair, fails: "unheard" };
    await clock.advance(3000);
    weather.now = fair;
    await clock.advance(60_000);
    expect(a.term()).toBe(term);
  });

  it("ends as soon as it sees another's name, and says whose", async () => {
    const { clock, agent, lease, lines } = createField();
    const a = agent("a");
    await clock.advance(LOOK_MS);
    const term = a.term();
    lease.put({ holder: "b", durationMs: DURATION_MS });
    await clock.advance(LOOK_MS);
    expect(term?.signal.aborted).toBe(true);
    expect(a.role()).toEqual({ lease: "ops/main", leads: false, leader: "b" });
    expect(lines.slice(1)).toEqual(["a: standby: b leads (lease ops/main)"]);
  });

  it("counts its time from the asking, not from the answer", async () => {
    const { clock, agent, weather } = createField();
    weather.now = { ...fair, beforeMs: 0, afterMs: 4900 };
    const a = agent("a");
    await clock.advance(4900 + 4899);
    expect(a.term()).toBeUndefined();
    await clock.advance(101);
    const term = a.term();
    expect(term).toBeDefined();
    weather.now = storm;
    await clock.advance(4900);
    expect(term?.signal.aborted).toBe(false);
    await clock.advance(200);
    expect(term?.signal.aborted).toBe(true);
  });

  it("knows that its time is over when it was stopped meanwhile and no timer has run yet", async () => {
    const { clock, agent } = createField();
    let stopped = 0;
    const a = agent("a", { clock: { ...clock, monotonic: () => clock.monotonic() + stopped } });
    await clock.advance(LOOK_MS);
    expect(a.term()).toBeDefined();
    stopped = 60_000;
    expect(a.term()).toBeUndefined();
  });

  it("refuses an answer that breaks the contract, by name", async () => {
    const { clock, agent, lines } = createField();
    const broken: Lease = {
      read: async () => ({ holder: 3 }) as never,
      write: () => Promise.reject(new Error("not reached")),
    };
    const a = agent("a", { lease: broken });
    await clock.advance(LOOK_MS);
    expect(a.term()).toBeUndefined();
    expect(lines.join()).toMatch(/lease ops\/main: expected a holder/);
  });
});
