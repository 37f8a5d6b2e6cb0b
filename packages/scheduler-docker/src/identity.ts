/** The identity of the agent, for the labels of containers. */
export interface Identity {
  /** The unique name of this process. Names sort in the order in which agents were started. */
  readonly agent: string;
  /** Returns a new, unique value of the instance label. Values sort in the order of their creation. */
  readonly next: () => string;
  /** Whether this process created an instance label. */
  readonly isOwn: (label: string | undefined) => boolean;
}

/** All schedulers of one process are one agent, because a reload may create a second scheduler before it closes the first. */
let agent: string | undefined;

const word = (): string => crypto.randomUUID().slice(0, 8);

/** @param now milliseconds since the epoch */
export function createIdentity(now: () => number): Identity {
  const time = (): string => String(now()).padStart(13, "0");
  const who = word();
  let made = 0;
  agent ??= `${time()}-${word()}`;
  return {
    agent,
    next: () => `${time()}-${String((made += 1)).padStart(6, "0")}-${who}`,
    isOwn: (label) => label?.endsWith(`-${who}`) === true,
  };
}

/** When the agent with this label was started, for people. */
export function startOf(label: string): string {
  const ms = Number(label.slice(0, 13));
  return Number.isInteger(ms) ? new Date(ms).toISOString() : "at a time unknown";
}
