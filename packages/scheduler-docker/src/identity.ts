/** Who makes containers, for their labels. */
export interface Identity {
  /** This process: unlike any other, and in the order in which agents are started. */
  readonly agent: string;
  /** A new value of the instance label: unlike any other, and in the order of their making. */
  readonly next: () => string;
  /** Whether an instance label was made here. */
  readonly isOwn: (label: string | undefined) => boolean;
}

/** The schedulers of one process are one agent: a reload may make a second one before it closes the first. */
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

/** When the agent of this label was started, for people. */
export function startOf(label: string): string {
  const ms = Number(label.slice(0, 13));
  return Number.isInteger(ms) ? new Date(ms).toISOString() : "at a time unknown";
}
