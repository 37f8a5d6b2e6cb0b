/* oxlint-disable unicorn/no-thenable -- what plugins return is what this is about */
import { MicroscalingError } from "@microscaling/core";
import type { Random } from "./random.ts";

const trap = (): never => {
  throw new Error("a trap");
};

/** Throws whatever is done with it. */
function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function withGetter(key: string): object {
  return Object.defineProperty({}, key, { enumerable: true, get: trap });
}

/** What plugins return or throw that no contract allows. */
const LIES: readonly (() => unknown)[] = [
  () => undefined,
  () => null,
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => 1e300,
  () => -1,
  () => 0.5,
  () => "7",
  () => "x",
  () => true,
  () => 5n,
  () => Symbol("lie"),
  () => ({}),
  () => [],
  () => [null],
  () => Object.defineProperty([], 0, { enumerable: true, get: trap }),
  () => Object.defineProperty([1, 2], 1, { get: trap }),
  () => new Map([[{}, {}]]),
  () => Object.create(null) as unknown,
  () => ({ kind: "reading" }),
  () => ({ kind: "failure", error: "x" }),
  () => ({ kind: "hold", reason: 7 }),
  () => ({ status: "failed", error: Object.create(Error.prototype) as unknown }),
  () => ({ status: "busy", retryAfterMs: 1e300 }),
  () => withGetter("kind"),
  () => withGetter("running"),
  () => withGetter("status"),
  () => withGetter("holder"),
  () => Object.defineProperty(new Error("x"), "message", { get: trap }),
  () => Object.defineProperty(new Error("x"), "code", { get: trap }),
  () => Object.assign(new Error("x"), { code: "ERR_SCHEDULER_REFUSED", details: null }),
  () => Object.assign(new Error("x"), { code: Object.create(null) as unknown }),
  () => ({ toString: trap }),
  () => ({ toJSON: trap }),
  () => trap,
  revoked,
];

/** Something that no contract allows. */
export function lie(random: Random): unknown {
  return random.pick(LIES)();
}

const NUMBERS: readonly unknown[] = [null, undefined, Number.NaN, 1e300, -1, 0.5, "3", Infinity];

/** A number that is none. */
export function badNumber(random: Random): unknown {
  return random.pick(NUMBERS);
}

/** A copy of `value`, one field of which is no number. */
export function spoilt(random: Random, value: object): unknown {
  const key = random.pick(Object.keys(value));
  return { ...value, [key]: badNumber(random) };
}

/** What a plugin throws that does not lie. */
export function outage(): MicroscalingError {
  return new MicroscalingError("ERR_SCHEDULER_UNREACHABLE", "the world: cannot be reached");
}
