import TinyQueue from "tinyqueue";

/** The running instances of a task and their jobs. An instance that is told to stop takes no more jobs and ends after its last one. */
export interface Workers {
  /** The number of running instances, including those that finish their last jobs. */
  readonly up: () => number;
  /** The number of instances that finish their last jobs. */
  readonly retiring: () => number;
  readonly inFlight: () => number;
  /** Whether no instance can take another job. */
  readonly isFull: () => boolean;
  /** When the next job is finished, in seconds; `Infinity` if there is none. */
  readonly next: () => number;
  /** Adds a running instance. */
  add(): void;
  /** A free instance takes a job that is finished at this time, in seconds. */
  take(until: number): void;
  /** Finishes the next job. @returns whether its instance ended with it */
  finish(): boolean;
  /** Tells an instance to stop. @returns whether it ended at once */
  retire(): boolean;
}

/**
 * Creates instances that work on several jobs at once, each job at full speed.
 * @param instances the number of running instances at the start
 */
export function createWorkers(instances: number, concurrency: number): Workers {
  const workers = concurrency === 1 ? createSingle() : createShared(concurrency);
  for (let i = 0; i < instances; i++) workers.add();
  return workers;
}

/** Instances with one job each. It does not matter whose job is finished, so counting is enough. */
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

/** Instances with several jobs each. The instance with the fewest jobs takes the next job, and is the first to be told to stop. */
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
