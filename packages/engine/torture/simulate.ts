import { startAgent } from "./agent.ts";
import { drawSpec, NAMES } from "./config.ts";
import { planHappenings, quieten } from "./happenings.ts";
import { drawPlan, type Cuts, type Plan } from "./plan.ts";
import { createRandom } from "./random.ts";
import { checkSettled } from "./settled.ts";
import { createWorld, Violation, type World } from "./world.ts";

/** What came of one seed. */
export interface Outcome {
  readonly plan: Plan;
  /** Events that the engine was told of. */
  readonly events: number;
  /** Absent: every invariant held. */
  readonly violation?: {
    readonly invariant: string;
    readonly message: string;
    /** When, in milliseconds of simulated time. */
    readonly atMs: number;
  };
}

/**
 * Lives through the world of one seed.
 * @param minutes how long it is simulated
 * @param cuts what is left out of it
 * @param tell told of everything that happens
 */
export function simulate(
  seed: number,
  minutes: number,
  cuts: Cuts = {},
  tell?: (atMs: number, what: string) => void,
): Outcome {
  const plan = drawPlan(seed, minutes, cuts);
  const telling =
    tell === undefined
      ? undefined
      : (what: () => string): void => tell(world.timeline.now(), what());
  const world: World = createWorld(plan, telling, drawSpec);
  try {
    live(world);
    return { plan, events: world.events };
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    const { invariant, message } = error;
    const atMs = world.timeline.now();
    return { plan, events: world.events, violation: { invariant, message, atMs } };
  }
}

function live(world: World): void {
  const { plan, timeline } = world;
  const random = createRandom(plan.seed, "start");
  // Instances of an earlier run.
  for (const name of NAMES) if (random.chance(0.3)) world.backend.scaleTo(name, random.int(1, 3));
  planHappenings(world);
  for (let i = 0; i < plan.agents; i++) startAgent(world);
  timeline.run(plan.quietMs);
  if (plan.quietMs >= plan.endMs) return;
  quieten(world);
  timeline.run(plan.endMs);
  waitUntilSettled(world);
}

/** A target that learns may be in the middle of a change at any one moment, so it has some turns more. */
const MORE_MS = 30_000;
const TURN_MS = 500;

function waitUntilSettled(world: World): void {
  const { plan, timeline } = world;
  for (let at = plan.endMs; at < plan.endMs + MORE_MS; at += TURN_MS) {
    try {
      return checkSettled(world);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
    }
    timeline.run(at + TURN_MS);
  }
  checkSettled(world);
}
