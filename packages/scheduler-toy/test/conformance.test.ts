import { createTestClock, schedulerConformance } from "@microscaling/conformance";
import { describe, it } from "vitest";

import plugin, { createToyScheduler, type ToyScheduler } from "../src/index.ts";

// The suite makes its own schedulers; remembering them gives it a way past the plugin.
const made: ToyScheduler[] = [];
const toys = (): readonly ToyScheduler[] => made;

const having = (task: string): ToyScheduler | undefined =>
  toys().find((toy) => toy.counts(task).running > 0);

schedulerConformance(
  { describe, it },
  {
    plugin: {
      ...plugin,
      create: (options, { clock }) => {
        const toy = createToyScheduler({ ...(options as object), clock });
        made.push(toy);
        return toy;
      },
    },
    clock: createTestClock(),
    options: () => ({ startDelay: "50ms", stopDelay: "2s" }),
    invalidOptions: [
      { written: { startDelay: 5 }, path: ["startDelay"] },
      { written: { stopDelay: "soon" }, path: ["stopDelay"] },
      { written: { failStarts: "no" }, path: ["failStarts"] },
    ],
    workload: () => ({}),
    invalidWorkloads: [{ written: { crash: 1 }, path: ["crash"] }],
    exists: async (task) => {
      let exist = 0;
      for (const toy of toys()) {
        const { running, starting, stopping } = toy.counts(task);
        exist += running + starting + stopping;
      }
      return exist;
    },
    kill: async (task) => having(task)?.crash(task),
    crashing: () => ({ crash: true }),
    outage: {
      begin: async () => toys().forEach((toy) => toy.unreachable(true)),
      end: async () => toys().forEach((toy) => toy.unreachable(false)),
    },
    stall: {
      begin: async () => toys().forEach((toy) => toy.stalled(true)),
      end: async () => toys().forEach((toy) => toy.stalled(false)),
    },
  },
);
