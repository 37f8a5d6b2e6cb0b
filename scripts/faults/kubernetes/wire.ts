import type { Fault, Scene } from "../fault.ts";
import type { Asked } from "./way.ts";
import type { KubernetesWorld } from "./world.ts";

type KubernetesFault = Fault<KubernetesWorld>;

const clear = async ({ world }: Scene<KubernetesWorld>): Promise<void> => world.way.clear();
const nothing = async (): Promise<void> => {};
const isPods = ({ path, isWatch }: Asked): boolean => isWatch && path.endsWith("/pods");
const isDeployments = ({ path, isWatch }: Asked): boolean =>
  isWatch && path.endsWith("/deployments");
const isAway = /has not answered|does not answer|has lasted for|was lost/;

/** What goes wrong between the agent and the API server. */
export const wireFaults: readonly KubernetesFault[] = [
  {
    name: "one byte towards the API server arrives wrong",
    holds: "the agent opens a new session at once",
    lastsMs: 0,
    inject: async ({ world }) => world.way.corrupt("there"),
    heal: nothing,
  },
  {
    name: "one byte from the API server arrives wrong",
    slow: true,
    holds: "the agent opens a new session at once",
    lastsMs: 0,
    inject: async ({ world }) => world.way.corrupt("back"),
    heal: nothing,
  },
  {
    name: "every connection is reset, five times in 2 s",
    holds: "the agent opens a new session at once, and the watches continue",
    lastsMs: 2000,
    async inject({ world }) {
      for (let time = 0; time < 5; time += 1)
        setTimeout(() => world.way.drop(), time * 400).unref();
    },
    heal: nothing,
  },
  {
    name: "the connection is dead without a reset",
    slow: true,
    holds: "the agent gives up requests after 4 s, and watches after 9 s",
    lastsMs: 8000,
    inject: async ({ world }) => world.way.silence(),
    heal: nothing,
  },
  {
    name: "the API server refuses connections",
    holds: "the running instances stay; the agent starts none",
    says: isAway,
    lastsMs: 6000,
    async inject({ world }) {
      world.way.state = "shut";
      world.way.drop();
    },
    heal: clear,
  },
  {
    name: "connections are taken and never answered",
    holds: "the running instances stay; the agent starts none",
    says: isAway,
    lastsMs: 12_000,
    slow: true,
    async inject({ world }) {
      world.way.state = "stuck";
      world.way.drop();
    },
    heal: clear,
  },
  {
    name: "the API server requires a client certificate",
    holds: "the running instances stay; the agent starts none",
    says: /client certificate/,
    lastsMs: 5000,
    async inject({ world }) {
      world.way.state = "strict";
      world.way.drop();
    },
    heal: clear,
  },
  {
    name: "the watch of pods stays open but becomes silent",
    holds: "the agent lists after at most 9 s",
    lastsMs: 4000,
    inject: async ({ world }) => world.way.muteOpen(isPods),
    heal: nothing,
  },
  {
    name: "the watch of Deployments stays open but becomes silent",
    holds: "the agent lists after at most 9 s",
    lastsMs: 4000,
    inject: async ({ world }) => world.way.muteOpen(isDeployments),
    heal: nothing,
  },
  {
    name: "all watches become silent for good",
    slow: true,
    holds: "the agent lists every 9 s",
    lastsMs: 10_000,
    async inject({ world }) {
      world.way.mute = () => true;
      world.way.muteOpen(() => true);
    },
    heal: nothing,
  },
  {
    name: "the API server is frozen",
    holds: "the running instances stay",
    says: isAway,
    lastsMs: 8000,
    inject: ({ world }) => world.kubernetes.freeze(),
    heal: ({ world }) => world.kubernetes.thaw(),
  },
  {
    name: "the API server is killed, and is back after 15 s",
    holds: "the running instances stay",
    says: isAway,
    lastsMs: 15_000,
    slow: true,
    inject: ({ world }) => world.kubernetes.kill(),
    heal: ({ world }) => world.kubernetes.restart(),
  },
  {
    name: "the agent is killed",
    slow: true,
    holds: "the next agent continues",
    inject: ({ agent }) => agent.kill(),
    heal: async ({ agent }) => agent.restart(),
  },
  {
    name: "the agent is frozen",
    slow: true,
    holds: "the agent continues",
    lastsMs: 6000,
    inject: async ({ agent }) => agent.signal("SIGSTOP"),
    heal: async ({ agent }) => agent.signal("SIGCONT"),
  },
];
