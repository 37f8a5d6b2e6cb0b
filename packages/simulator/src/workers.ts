import TinyQueue from "tinyqueue";

/** The instances of a task that are up, and the jobs that they work on. An instance that is told to stop takes no more jobs and leaves after its last one. */
export interface Workers {
  /** Up, those that finish their last jobs included. */
  readonly up: () => number;
  /** Those that finish their last jobs. */
  readonly retiring: () => number;
  readonly inFlight: () => number;
  /** Whether nobody can take another job. */
  readonly isFull: () => boolean;
  /** When the next job is finished, in seconds; infinite when there is none. */
  readonly next: () => number;
  /** One more is up. */
  add(): void;
  /** Somebody who is free takes a job, which is finished at this time, in seconds. */
  take(until: number): void;
  /** The next job is finished. @returns whether its instance is gone with it */
  finish(): boolean;
  /** Tells one to stop. @returns whether it is gone at once */
  retire(): boolean;
}

/**
 * Instances that work on so many jobs at once, each job at its own speed.
 * @param instances how many are up at the start
 */
export function createWorkers(instances: number, concurrency: number): Workers {
  const workers = concurrency === 1 ? createSingle() : createShared(concurrency);
  for (let i = 0; i < instances; i++) workers.add();
  return workers;
}

/** One job each: whose job is finished makes no difference, so it is enough to count. */
function createSingle(): Workers {
  const ends = new TinyQueue<number>();
  let up = 0;
  let retiring = 0;
  return {
    up: () => up,
    retiring: () => retiring,
    inFlight: () => ends.length,
    isFull: () => ends.length === up,
    next: () => ends.peek() ?? Number.POSITIVE_INFINITY,
    add() {
      up++;
    },
    take(until) {
      ends.push(until);
    },
    finish() {
      ends.pop();
      if (retiring === 0) return false;
      retiring--;
      up--;
      return true;
    },
    retire() {
      if (ends.length < up) {
        up--;
        return true;
      }
      retiring++;
      return false;
    },
  };
}

interface Instance {
  jobs: number;
  retiring: boolean;
}

/** Several jobs each: the one with the fewest takes the next, and the one with the fewest is told to stop. */
function createShared(concurrency: number): Workers {
  const ends = new TinyQueue<{ readonly at: number; readonly by: Instance }>(
    [],
    (a, b) => a.at - b.at,
  );
  const taking: Instance[] = [];
  let retiring = 0;
  let free = 0;
  const leastBusy = (): Instance =>
    taking.reduce((least, one) => (one.jobs < least.jobs ? one : least));
  return {
    up: () => taking.length + retiring,
    retiring: () => retiring,
    inFlight: () => ends.length,
    isFull: () => free === 0,
    next: () => ends.peek()?.at ?? Number.POSITIVE_INFINITY,
    add() {
      taking.push({ jobs: 0, retiring: false });
      free += concurrency;
    },
    take(until) {
      const by = leastBusy();
      by.jobs++;
      free--;
      ends.push({ at: until, by });
    },
    finish() {
      const { by } = ends.pop()!;
      by.jobs--;
      if (!by.retiring) {
        free++;
        return false;
      }
      if (by.jobs > 0) return false;
      retiring--;
      return true;
    },
    retire() {
      const one = leastBusy();
      taking.splice(taking.indexOf(one), 1);
      free -= concurrency - one.jobs;
      if (one.jobs === 0) return true;
      one.retiring = true;
      retiring++;
      return false;
    },
  };
}
