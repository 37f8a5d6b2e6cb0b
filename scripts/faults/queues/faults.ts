import type { Fault } from "../fault.ts";
import { httpAnswer, WEB_PAGE, type Passing } from "../proxy.ts";
import type { QueueWorld } from "./world.ts";

type QueueFault = Fault<QueueWorld>;

const KEEPS = "the task keeps its instances";
/** Any words by which a metric says that it has no reading. */
const NO_READING =
  /cannot be reached|did not answer|within|broke off|expected|answered \d+|no reading/;

const onTheWay = (name: string, passing: Passing, more: Partial<QueueFault> = {}): QueueFault => ({
  name,
  holds: KEEPS,
  says: NO_READING,
  ...more,
  inject: async ({ world }) => world.proxy.set(passing),
  heal: async ({ world }) => world.proxy.set("open"),
});

const NO_BACKEND: Passing = { answer: httpAnswer(503, "no backend", "text/plain") };

/** What goes wrong between the agent and any server that speaks HTTP. */
export const wayFaults: readonly QueueFault[] = [
  onTheWay("connections are refused", "shut"),
  onTheWay("connections are silent for 6 s", "silent", { lastsMs: 6000 }),
  onTheWay("answers are cut", "cut"),
  onTheWay("answers are corrupted", "corrupt"),
  onTheWay("a web server answers", { answer: WEB_PAGE }),
];

/** A proxy without a backend. */
export const backendFault: QueueFault = onTheWay("a proxy answers 503", NO_BACKEND);

/** With this answer, some services ask for fewer requests. */
export const throttleFault: QueueFault = {
  ...onTheWay("it answers 503: too many requests", NO_BACKEND),
  holds: "the last reading stays valid, and the agent reads less often",
  says: undefined,
};

/** What goes wrong in addition with a server that answers in JSON. */
export const jsonFaults: readonly QueueFault[] = [
  onTheWay("it answers `[]`", { answer: httpAnswer(200, "[]") }),
  onTheWay("it answers `null`", { answer: httpAnswer(200, "null") }),
];

/** A server as far as its faults go. */
export interface Mortal {
  /** Ends it and keeps its ports. */
  readonly kill: () => Promise<void>;
  readonly restart: () => Promise<void>;
  readonly freeze: () => Promise<void> | void;
  readonly thaw: () => Promise<void> | void;
}

/** What goes wrong with the server itself. @param server the one that runs now */
export function serverFaults(server: () => Mortal): readonly QueueFault[] {
  return [
    {
      name: "the server is killed",
      holds: KEEPS,
      says: NO_READING,
      inject: () => server().kill(),
      async heal({ world }) {
        await server().restart();
        await world.fill();
      },
    },
    {
      name: "the server is frozen for 6 s",
      holds: KEEPS,
      says: NO_READING,
      lastsMs: 6000,
      inject: async () => server().freeze(),
      async heal({ world }) {
        await server().thaw();
        await world.fill();
      },
    },
  ];
}
