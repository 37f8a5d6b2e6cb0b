import type { Agent } from "./agent.ts";

/** How many instances of each task there are. */
export type Running = Readonly<Record<string, number>>;

/**
 * What one agent looks after: tasks on a real server, and a change of what they want. Each fault gets a world of its own.
 */
export interface World {
  /** What the agent reads, in YAML. It has `http: { port: 0 }`. */
  readonly config: string;
  /** Of `instances`. */
  readonly capacity: number;
  /** What runs before the fault. */
  readonly before: Running;
  /** What runs once all is right again. */
  readonly after: Running;
  /** Makes the tasks want {@link World.after}. Called right after the fault has begun. */
  change(): Promise<void>;
  /**
   * The instances that exist now, starting and stopping ones included, past the agent and, if it can be, past the server that the fault
   * hits. Throws when that cannot be told.
   */
  running(): Promise<Running>;
  /** Takes away what the world has made. */
  close(): Promise<void>;
}

/** What a fault works on. */
export interface Scene<W extends World = World> {
  readonly world: W;
  /** The agent under test. A fault may end it, freeze it or start it again. */
  readonly agent: Agent;
  /** A folder of the fault's own, with `microscaling.yaml` in it; gone afterwards. */
  readonly folder: string;
}

/** One thing that goes wrong. */
export interface Fault<W extends World = World> {
  /** For the table: "the daemon is killed". */
  readonly name: string;
  /** For the table, what is expected during the fault: "the running instances stay; the agent starts none". */
  readonly holds: string;
  /** Some line of the agent's log that is about the fault matches it. Absent where there is nothing that anybody would have to know. */
  readonly says?: RegExp | undefined;
  /** How long the fault lasts at least, in milliseconds. Default 3,000. */
  readonly lastsMs?: number;
  /** The fault itself ends instances, of all tasks or of these, so that there may be fewer. */
  readonly kills?: true | readonly string[];
  /** What the tasks want does not change: all is right again when it is as before. */
  readonly still?: boolean;
  /** How many instances beyond the capacity the fault itself starts, or causes to be started. */
  readonly foreign?: number;
  /** Takes too long for a run with `--minutes`, such as that of `npm test`. */
  readonly slow?: boolean;
  /** How long until all is right again at most, in milliseconds, counted from the end of the fault. Default 5,000. */
  readonly rightMs?: number;
  /** The largest allowed increase of the agent's memory, in megabytes. Default 80, because garbage that is not collected yet may take that much. */
  readonly grownMb?: number;
  /** Makes it go wrong. */
  inject(scene: Scene<W>): Promise<void>;
  /** Ends the fault. */
  heal(scene: Scene<W>): Promise<void>;
}

/** A real server, once it runs. */
export interface Server<W extends World> {
  /** @param folder where the agent's config will be. */
  createWorld(folder: string): Promise<W>;
  stop(): Promise<void>;
}

/** A kind of server, and what may go wrong with it. */
export interface Suite<W extends World = World> {
  /** The heading of its table. */
  readonly name: string;
  /** Why it cannot run here, in one line, if so. */
  problem(): string | undefined;
  /** Starts the server that the faults share, one after another. A fault leaves it as it found it. */
  start(): Promise<Server<W>>;
  readonly faults: readonly Fault<W>[];
}
