import type { Fault } from "../fault.ts";
import type { MarathonWorld } from "./suite.ts";

type MarathonFault = Fault<MarathonWorld>;
type What = NonNullable<Parameters<MarathonWorld["marathon"]["fault"]>[0]>;

/** Every master does this. */
function all(name: string, what: What, more: Pick<MarathonFault, "holds" | "says">): MarathonFault {
  return {
    name,
    ...more,
    lastsMs: 6000,
    inject: async ({ world }) => world.marathon.fault(what),
    heal: async ({ world }) => world.marathon.fault(undefined),
  };
}

const keeps = "the running instances stay; the agent starts none";
/** Of the app that gives instances away. */
const BATCH = "/batch";

/** What goes wrong with Marathon. */
export const marathonFaults: readonly MarathonFault[] = [
  all("no master can be reached", "refuse", { holds: keeps, says: /cannot be reached/ }),
  {
    ...all("no master answers", "stall", { holds: "", says: /has not answered/ }),
    holds: `${keeps}; two masters that do not answer take 6 s`,
    rightMs: 7000,
  },
  all("every answer is 500", 500, { holds: keeps, says: /answered 500/ }),
  all("every answer is a web page", "garbage", { holds: keeps, says: /expected .*, found/ }),
  all("lists have no apps", "empty", { holds: "the agent requests each app by itself" }),
  {
    name: "the right to view an app is lost",
    holds: "its instances keep their room",
    says: /answered 403/,
    lastsMs: 4000,
    inject: async ({ world }) => world.marathon.hide(BATCH),
    heal: async ({ world }) => world.marathon.hide(BATCH, false),
  },
  {
    name: "the event stream stays open but becomes silent",
    holds: "the agent uses lists",
    inject: async ({ world }) => world.marathon.muteEvents(true),
    heal: async ({ world }) => world.marathon.muteEvents(false),
  },
  {
    name: "the event stream is dropped every 200 ms",
    holds: "the agent uses lists",
    async inject({ world }) {
      for (let time = 0; time < 15; time += 1)
        setTimeout(() => world.marathon.dropEvents(), time * 200).unref();
    },
    heal: async () => {},
  },
  {
    name: "the leader dies",
    holds: "the agent continues with the next leader",
    says: /fails; asking/,
    async inject({ world }) {
      world.marathon.elect(1);
      await world.marathon.stopMaster(0);
    },
    heal: async () => {},
  },
  {
    name: "nobody leads",
    holds: keeps,
    says: /answered 502/,
    lastsMs: 6000,
    inject: async ({ world }) => world.marathon.elect(undefined),
    heal: async ({ world }) => world.marathon.elect(0),
  },
  {
    name: "another deployment locks the app",
    holds: "the agent waits, and does not cancel it",
    lastsMs: 4000,
    async inject({ world }) {
      const deployment = world.marathon.deploy(BATCH);
      setTimeout(() => deployment.end(), 4000).unref();
    },
    heal: async () => {},
  },
  {
    name: "an app is deleted, and its instances stop slowly",
    holds: "they keep their room",
    says: /is deleting app/,
    lastsMs: 3000,
    kills: true,
    async inject({ world }) {
      const deletion = world.marathon.deleteApp(BATCH);
      setTimeout(() => {
        deletion.end();
        world.marathon.createApp({ id: BATCH, instances: 0 });
      }, 2500).unref();
    },
    heal: async () => {},
  },
];
