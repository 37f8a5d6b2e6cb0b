import { MicroscalingError, type Counts, type ReadingResult } from "@microscaling/core";
import type { Answer } from "../src/events.ts";
import type { Agent, Call } from "./agent.ts";
import type { Fate } from "./calls.ts";
import { checkStarted } from "./room.ts";
import { badNumber, lie, outage, spoilt } from "./lies.ts";
import { readQueue } from "./load.ts";
import { strikes, wallOf, type World } from "./world.ts";

const NEVER = Number.POSITIVE_INFINITY;
const ACCEPTED: Answer = { kind: "value", value: { status: "accepted" } };

/** Draws what will come of a call. */
export function fateOf(world: World, agent: Agent, call: Call): Fate {
  switch (call.command.type) {
    case "read":
      return fateOfRead(world, call);
    case "observe":
      return fateOfObserve(world, call);
    case "measure":
      return fateOfMeasure(world, agent, call);
    case "prepare":
      return fateOfPrepare(world, call);
    case "scale":
      return fateOfScale(world, agent, call);
    case "readLease":
    case "writeLease":
      return fateOfLease(world, call);
    default:
      return call.command satisfies never;
  }
}

/** When a call ends that hangs: after its deadline, or never. */
function hangs({ random }: World, { sentAt, timeoutMs }: Call): number {
  if (random.chance(0.4)) return NEVER;
  return sentAt + timeoutMs * random.between(1.01, 6);
}

/** How long a call takes. */
function takes({ random }: World, usuallyMs: number, isSlow: boolean, { timeoutMs }: Call): number {
  if (isSlow) return timeoutMs * random.between(0.1, 1.5);
  return Math.min(usuallyMs * random.between(0.3, 2), timeoutMs * 0.9);
}

/** A failure as plugins that keep their contract throw it, or worse. */
function failure(world: World): Answer {
  return { kind: "error", error: strikes(world, "garbage") ? lie(world.random) : outage() };
}

function fateOfScale(world: World, agent: Agent, call: Call): Fate {
  const { random, timeline, plan, backend } = world;
  const { command, sentAt, timeoutMs } = call;
  if (command.type !== "scale") throw new TypeError("no scale");
  const { name } = command.task;
  const scaleTo = (part: number) => (): void => {
    const workers = backend.of(name);
    if (!workers.exists) return;
    const level = backend.levelOf(name);
    const to = Math.round(level + (command.instances - level) * part);
    world.tell?.(() => `${name}: ${level} -> ${to} of ${command.instances}, by #${call.id}`);
    if (backend.scaleTo(name, to) > 0) checkStarted(world, agent, call);
  };
  const missing = new MicroscalingError("ERR_OBJECT_MISSING", `the world: no ${name}`);
  const answer = (): Answer => {
    const workers = backend.of(name);
    if (!workers.exists) return { kind: "error", error: missing };
    if (workers.startsFail) return { kind: "value", value: { status: "failed", error: outage() } };
    if (strikes(world, "garbage")) return { kind: "value", value: lie(random) };
    return ACCEPTED;
  };
  const tookMs = takes(world, plan.scaleMs, strikes(world, "scaleSlow"), call);
  const at = sentAt + tookMs * random.next();
  const endsAt = sentAt + tookMs;
  const whole = { at, act: scaleTo(1) };
  const fails = (): Answer => failure(world);
  if (strikes(world, "scaleRefused")) return { acts: [], endsAt, answer: fails };
  if (strikes(world, "scaleBusy")) {
    const retryAfterMs = random.chance(0.5) ? random.log(10, 5000) : undefined;
    const value = { status: "busy", reason: "busy", retryAfterMs };
    return { acts: [], endsAt, answer: () => ({ kind: "value", value }) };
  }
  if (strikes(world, "scaleUnheard")) return { acts: [whole], endsAt, answer: fails };
  if (strikes(world, "scalePartly"))
    return { acts: [{ at, act: scaleTo(random.next()) }], endsAt, answer: fails };
  if (strikes(world, "scaleHangs")) {
    const returnsAt = hangs(world, call);
    const actsAt = sentAt + timeoutMs * random.between(0, 2);
    const acts = random.chance(0.3) ? [] : [{ at: Math.min(actsAt, returnsAt), act: scaleTo(1) }];
    return { acts, endsAt: returnsAt, answer };
  }
  // Some backends do it bit by bit.
  if (random.chance(0.1)) {
    const half = { at: sentAt + (at - sentAt) / 2, act: scaleTo(0.5) };
    return { acts: [half, whole], endsAt, answer };
  }
  return { acts: [whole], endsAt: Math.max(endsAt, timeline.now()), answer };
}

function fateOfObserve(world: World, call: Call): Fate {
  const { random, plan } = world;
  const { command, sentAt } = call;
  if (command.type !== "observe") throw new TypeError("no observe");
  const tookMs = takes(world, plan.observeMs, strikes(world, "observeSlow"), call);
  const endsAt = strikes(world, "observeHangs") ? hangs(world, call) : sentAt + tookMs;
  let counts: unknown;
  const look = (): void => {
    counts = countAll(
      world,
      command.tasks.map(({ name }) => name),
    );
  };
  const fails = strikes(world, "observeFails");
  const at = sentAt + tookMs * random.next();
  return {
    acts: [{ at, act: look }],
    endsAt,
    answer: () => (fails ? failure(world) : { kind: "value", value: counts }),
  };
}

function countAll(world: World, names: readonly string[]): unknown {
  const { random, backend } = world;
  if (strikes(world, "garbage") && random.chance(0.3)) return lie(random);
  const counts = new Map<unknown, unknown>();
  for (const name of names) {
    if (!backend.of(name).exists)
      counts.set(name, new MicroscalingError("ERR_OBJECT_MISSING", `the world: no ${name}`));
    else if (strikes(world, "observeGaps")) {
      if (random.chance(0.5)) counts.set(name, outage());
    } else counts.set(name, countOne(world, name));
  }
  if (strikes(world, "strangers")) counts.set(`stranger ${random.int(0, 1e6)}`, {});
  if (strikes(world, "garbage")) counts.set(lie(random), lie(random));
  return counts;
}

function countOne(world: World, name: string): unknown {
  const { random, backend } = world;
  const counts = backend.countsOf(name);
  if (strikes(world, "garbage")) return random.chance(0.5) ? lie(random) : spoilt(random, counts);
  if (!strikes(world, "countsLie")) {
    world.honest.add(counts);
    return counts;
  }
  const wrong = random.pick(["running", "starting", "stopping", "requested"] as const);
  return { ...counts, [wrong]: random.int(0, 10) } satisfies Counts;
}

function fateOfRead(world: World, call: Call): Fate {
  const { random, plan, queues, backend } = world;
  const { command, sentAt } = call;
  if (command.type !== "read") throw new TypeError("no read");
  const tookMs = takes(world, plan.readMs, strikes(world, "readSlow"), call);
  const endsAt = strikes(world, "readHangs") ? hangs(world, call) : sentAt + tookMs;
  const at = wallOf(world);
  const isLost = strikes(world, "readFails");
  const readOne = (name: string): unknown => {
    if (strikes(world, "readHolds")) return { kind: "hold", reason: "paused" };
    if (strikes(world, "readFails")) return { kind: "failure", error: outage() };
    if (strikes(world, "garbage") && random.chance(0.5)) return lie(random);
    const { running } = backend.of(name);
    const agoMs = strikes(world, "readStale") ? random.log(1000, 600_000) : 0;
    const read = readQueue(queues.get(name)!, running, plan.parts);
    const result: ReadingResult = { kind: "reading", at: at - agoMs, ...read };
    if (!strikes(world, "garbage")) {
      world.honest.add(result);
      return result;
    }
    return random.chance(0.5) ? spoilt(random, result) : { ...result, parts: spoiltParts() };
  };
  const spoiltParts = (): unknown =>
    random.chance(0.5) ? lie(random) : { ready: badNumber(random) };
  return {
    acts: [],
    endsAt,
    answer: () => {
      if (isLost) return failure(world);
      if (strikes(world, "garbage") && random.chance(0.3))
        return { kind: "value", value: lie(random) };
      return { kind: "value", value: command.queries.map(({ task }) => readOne(task)) };
    },
  };
}

function fateOfMeasure(world: World, { state }: Agent, call: Call): Fate {
  const { random, plan } = world;
  const endsAt = strikes(world, "measureHangs")
    ? hangs(world, call)
    : call.sentAt + takes(world, plan.observeMs, false, call);
  const { capacity, measured = [] } = state.spec;
  return {
    acts: [],
    endsAt,
    answer: () => {
      if (strikes(world, "measureFails")) return failure(world);
      if (strikes(world, "garbage")) return { kind: "value", value: lie(random) };
      const amounts = measured.map((name) => [
        name,
        Math.floor((capacity[name] ?? 0) * world.capacityFactor),
      ]);
      return { kind: "value", value: Object.fromEntries(amounts) as unknown };
    },
  };
}

function fateOfPrepare(world: World, call: Call): Fate {
  const { random } = world;
  const endsAt = strikes(world, "prepareHangs")
    ? hangs(world, call)
    : call.sentAt + random.log(10, 20_000);
  return {
    acts: [],
    endsAt,
    answer: () =>
      strikes(world, "prepareFails")
        ? failure(world)
        : { kind: "value", value: strikes(world, "garbage") ? lie(random) : undefined },
  };
}

function fateOfLease(world: World, call: Call): Fate {
  const { random, plan } = world;
  const { command, sentAt } = call;
  let value: unknown;
  const act = (): void => {
    if (command.type === "writeLease" && world.lease?.version === command.over)
      value = world.lease = { ...command.claim, version: `v${++world.leaseWrites}` };
    else if (command.type === "readLease") value = world.lease;
  };
  const tookMs = takes(world, plan.readMs, false, call);
  const at = sentAt + tookMs * random.next();
  const endsAt = sentAt + tookMs;
  const acts = [{ at, act }];
  if (strikes(world, "leaseFails")) return { acts: [], endsAt, answer: () => failure(world) };
  if (strikes(world, "leaseUnheard")) return { acts, endsAt, answer: () => failure(world) };
  const answer = (): Answer => {
    const isLie = strikes(world, "garbage") && command.type === "readLease";
    return { kind: "value", value: isLie ? lie(random) : value };
  };
  if (!strikes(world, "leaseHangs")) return { acts, endsAt, answer };
  const returnsAt = hangs(world, call);
  const actsAt = sentAt + call.timeoutMs * random.between(0, 3);
  return {
    acts: random.chance(0.5) ? [] : [{ at: Math.min(actsAt, returnsAt), act }],
    endsAt: returnsAt,
    answer,
  };
}
