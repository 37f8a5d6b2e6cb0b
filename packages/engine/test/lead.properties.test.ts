import * as fc from "fast-check";
import { createTestClock, type TestClock } from "@microscaling/conformance";
import { silentLogger, type Clock } from "@microscaling/core";
import { expect, it } from "vitest";
import { createLeadership, type Leadership, type Term } from "./leadership.ts";
import { createMemoryLease, fair, type Weather } from "./memory-lease.ts";

const DURATION_MS = 3000;

/** What one agent goes through. */
interface Fate {
  /** How its calls fare, over and over. */
  readonly weather: readonly Weather[];
  /** How fast its clock runs. */
  readonly rate: number;
  /** What happens to it, one after the other. */
  readonly events: readonly Event[];
}

interface Event {
  readonly afterMs: number;
  /** `freeze`: the process is stopped for a while. `die`: it is gone, and another one starts. `end`: the same in good order. */
  readonly what: "freeze" | "die" | "end" | "set clock";
  readonly ms: number;
}

const weather: fc.Arbitrary<Weather> = fc.record({
  beforeMs: fc.oneof(fc.constant(1), fc.nat(200), fc.nat(8000)),
  afterMs: fc.oneof(fc.constant(1), fc.nat(200), fc.nat(8000)),
  fails: fc.constantFrom("no", "no", "no", "unsent", "unheard"),
  deaf: fc.boolean(),
});
const event: fc.Arbitrary<Event> = fc.record({
  afterMs: fc.nat(8000),
  what: fc.constantFrom("freeze", "die", "end", "set clock"),
  ms: fc.nat(10_000),
});
const fates: fc.Arbitrary<Fate[]> = fc.array(
  fc.record({
    weather: fc.array(weather, { minLength: 1, maxLength: 12 }),
    rate: fc.double({ min: 0.9, max: 1.1, noNaN: true }),
    events: fc.array(event, { maxLength: 8 }),
  }),
  { minLength: 2, maxLength: 4 },
);

interface Process {
  readonly leadership: Leadership;
  frozen: boolean;
  dead: boolean;
  /** The last that it was given. */
  term: Term | undefined;
}

/** Its own clock: runs at its own rate, can be set, and stands still for whoever waits while the process is frozen. */
function clockOf(
  clock: TestClock,
  rate: number,
  process: { frozen: boolean; setTo: number },
): Clock {
  return {
    now: () => clock.now() + process.setTo,
    monotonic: () => clock.monotonic() * rate,
    async sleep(ms, signal) {
      // A timer takes a whole millisecond at the least.
      await clock.sleep(Math.ceil(ms / rate), signal);
      while (process.frozen) await clock.sleep(50);
      signal?.throwIfAborted();
    },
  };
}

async function live(clock: TestClock, all: readonly Fate[]) {
  const lease = createMemoryLease(clock);
  const processes: Process[] = [];
  let calm = false;
  let elections = 0;
  let together = 0;

  /** Whoever runs and was told that it leads must be the only one. */
  function look(): void {
    for (const process of processes) if (!process.dead) process.term = process.leadership.term();
    const leading = processes.filter(
      ({ term, frozen, dead }) => !dead && !frozen && term?.signal.aborted === false,
    );
    together = Math.max(together, leading.length);
  }

  function begin(holder: string, fate: Fate): Process & { setTo: number } {
    let calls = 0;
    const next = (): Weather => {
      const now = fate.weather[calls++ % fate.weather.length] ?? fair;
      return process.dead ? { ...now, fails: "unsent" } : calm ? fair : now;
    };
    const process: Process & { setTo: number } = {
      frozen: false,
      dead: false,
      setTo: 0,
      term: undefined,
      leadership: createLeadership(
        lease.in(next),
        { lease: "main", holder, durationMs: DURATION_MS },
        {
          clock: clockOf(clock, fate.rate, {
            get frozen() {
              return process.frozen;
            },
            get setTo() {
              return process.setTo;
            },
          }),
          logger: silentLogger,
          changed() {
            // Without asking: the signal alone must have ended every other term by now.
            const others = processes.filter(
              (other) =>
                other !== process &&
                !other.dead &&
                !other.frozen &&
                other.term?.signal.aborted === false,
            );
            const term = process.dead ? undefined : process.leadership.term();
            if (term !== undefined && term !== process.term) {
              elections++;
              together = Math.max(together, 1 + others.length);
            }
            process.term = term;
          },
        },
      ),
    };
    processes.push(process);
    void process.leadership.run();
    return process;
  }

  async function suffer(name: string, fate: Fate): Promise<void> {
    let born = 0;
    let process = begin(`${name}${born}`, fate);
    for (const { afterMs, what, ms } of fate.events) {
      await clock.sleep(afterMs);
      if (what === "set clock") process.setTo += ms * 1000 - 5e6;
      if (what === "freeze") {
        process.frozen = true;
        await clock.sleep(ms);
        process.frozen = false;
        look();
      }
      if (what === "die") process.dead = true;
      if (what === "end") await process.leadership.end(AbortSignal.timeout(1e6));
      if (what === "die" || what === "end") {
        void process.leadership.end(AbortSignal.abort());
        process = begin(`${name}${++born}`, fate);
      }
    }
  }

  const lives = all.map((fate, i) => suffer(`agent-${i}-`, fate));
  for (let ms = 0; ms < 100_000; ms += 250) {
    await clock.advance(250);
    look();
  }
  await Promise.all(lives);
  calm = true;
  await clock.advance(6 * DURATION_MS);
  look();
  const leading = processes.filter(({ term, dead }) => !dead && term?.signal.aborted === false);
  return { together, elections, leading: leading.length };
}

it(
  "never lets two agents lead at a time, and always one in the end",
  { timeout: 120_000 },
  async () => {
    let elections = 0;
    await fc.assert(
      fc.asyncProperty(fates, async (all) => {
        const lived = await live(createTestClock(), all);
        elections += lived.elections;
        expect(lived).toMatchObject({
          together: expect.toSatisfy((most: number) => most <= 1),
          leading: 1,
        });
      }),
      { numRuns: 80 },
    );
    expect(elections).toBeGreaterThan(80);
  },
);
