/**
 * Everything that can go wrong, with how often where a seed has it switched on: of each call or occasion, or, for what happens by itself,
 * how often in a minute.
 */
export const FAULTS = {
  /** A call to scale fails, and nothing came of it. */
  scaleRefused: 0.3,
  /** It fails after it took effect. */
  scaleUnheard: 0.3,
  /** It fails after it took effect in part. */
  scalePartly: 0.3,
  scaleBusy: 0.3,
  /** It is not answered within its deadline; it takes effect before that, after that, or never. */
  scaleHangs: 0.2,
  scaleSlow: 0.3,
  observeFails: 0.2,
  observeHangs: 0.1,
  observeSlow: 0.3,
  /** Some tasks are left out, or have an error in place of their counts. */
  observeGaps: 0.3,
  /** Counts of tasks that nobody asked for. */
  strangers: 0.3,
  /** Counts that are wrong. Then the capacity cannot be kept. */
  countsLie: 0.1,
  readFails: 0.3,
  readHangs: 0.1,
  readSlow: 0.3,
  readStale: 0.3,
  readHolds: 0.2,
  measureFails: 0.3,
  measureHangs: 0.2,
  prepareFails: 0.3,
  prepareHangs: 0.1,
  leaseFails: 0.2,
  leaseUnheard: 0.2,
  leaseHangs: 0.1,
  /** What was given up is answered after all, as if somebody still waited: that must not be taken for the answer to a newer call. */
  answersLate: 0.5,
  /** Plugins return or throw what no contract allows. */
  garbage: 0.2,
  /** Pushes that do not come. */
  pushesLost: 0.5,
  // From here on: in a minute.
  /** Something that was accepted did not come true, says the scheduler. */
  failsLater: 1,
  instancesEnd: 3,
  crashLoops: 0.4,
  startsFail: 0.4,
  /** Others start and stop instances. */
  outsiders: 1,
  /** Others delete what is scaled, and make it anew. */
  objectsVanish: 0.4,
  capacityMoves: 1,
  clockSteps: 0.5,
  reloads: 1,
  kills: 0.5,
  /** An agent is told to end, and another one is started. */
  restarts: 0.3,
  pauses: 0.7,
  leaseDeleted: 0.3,
} as const;

/** The name of one fault. */
export type Fault = keyof typeof FAULTS;
