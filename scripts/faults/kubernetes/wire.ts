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
    holds: "a new session at once",
    lastsMs: 0,
    inject: async ({ world }) => world.way.corrupt("there"),
    heal: nothing,
  },
  {
    name: "one byte from the API server arrives wrong",
    slow: true,
    holds: "a new session at once",
    lastsMs: 0,
    inject: async ({ world }) => world.way.corrupt("back"),
    heal: nothing,
  },
  {
    name: "every connection is reset, five times in 2 s",
    holds: "a new session at once, watches go on where they were",
    lastsMs: 2000,
    async inject({ world }) {
      for (let time = 0; time < 5; time += 1)
        setTimeout(() => world.way.drop(), time * 400).unref();
    },
    heal: nothing,
  },
  {
    name: "the connection is dead, and nobody is told",
    slow: true,
    holds: "given up after 4 s, watches after 9 s",
    lastsMs: 8000,
    inject: async ({ world }) => world.way.silence(),
    heal: nothing,
  },
  {
    name: "the API server refuses connections",
    holds: "keeps what runs, starts nothing",
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
    holds: "keeps what runs, starts nothing",
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
    name: "the API server wants a client certificate",
    holds: "keeps what runs, starts nothing",
    says: /client certificate/,
    lastsMs: 5000,
    async inject({ world }) {
      world.way.state = "strict";
      world.way.drop();
    },
    heal: clear,
  },
  {
    name: "the watch of pods stays open and falls silent",
    holds: "a list after 9 s at most",
    lastsMs: 4000,
    inject: async ({ world }) => world.way.muteOpen(isPods),
    heal: nothing,
  },
  {
    name: "the watch of Deployments stays open and falls silent",
    holds: "a list after 9 s at most",
    lastsMs: 4000,
    inject: async ({ world }) => world.way.muteOpen(isDeployments),
    heal: nothing,
  },
  {
    name: "all watches fall silent for good",
    slow: true,
    holds: "goes by lists, every 9 s",
    lastsMs: 10_000,
    async inject({ world }) {
      world.way.mute = () => true;
      world.way.muteOpen(() => true);
    },
    heal: nothing,
  },
  {
    name: "the API server is frozen",
    holds: "keeps what runs",
    says: isAway,
    lastsMs: 8000,
    inject: ({ world }) => world.kubernetes.freeze(),
    heal: ({ world }) => world.kubernetes.thaw(),
  },
  {
    name: "the API server is killed, and is back after 15 s",
    holds: "keeps what runs",
    says: isAway,
    lastsMs: 15_000,
    slow: true,
    inject: ({ world }) => world.kubernetes.kill(),
    heal: ({ world }) => world.kubernetes.restart(),
  },
  {
    name: "the agent is killed",
    slow: true,
    holds: "the next agent goes on where it was",
    inject: ({ agent }) => agent.kill(),
    heal: async ({ agent }) => agent.restart(),
  },
  {
    name: "the agent is frozen",
    slow: true,
    holds: "goes on where it was",
    lastsMs: 6000,
    inject: async ({ agent }) => agent.signal("SIGSTOP"),
    heal: async ({ agent }) => agent.signal("SIGCONT"),
  },
];
