import type { Fault, Scene } from "../fault.ts";
import type { Answer, Asked } from "./way.ts";
import type { KubernetesWorld } from "./world.ts";

type KubernetesFault = Fault<KubernetesWorld>;
type World = KubernetesWorld;

/** Makes the agent ask for everything again, and answers like this. */
function answerAll(answer: (asked: Asked) => Answer | undefined) {
  return async ({ world }: Scene<World>): Promise<void> => {
    world.way.answer = answer;
    world.way.endWatches(() => true);
  };
}

/** Changes lists of `resource` like this. The agent must list again, because what it saw last is too old. */
function changeLists(resource: string, change: (list: Record<string, unknown>) => object) {
  const matches = ({ path }: Asked): boolean => path.endsWith(`/${resource}`);
  return async ({ world }: Scene<World>): Promise<void> => {
    world.way.answer = (asked) => (asked.isWatch && matches(asked) ? status(410) : undefined);
    world.way.change = (asked, body) => {
      if (!matches(asked) || asked.method !== "GET") return body;
      const list: unknown = JSON.parse(body);
      return JSON.stringify(change({ ...(list as object) }));
    };
    world.way.endWatches(matches);
  };
}

function status(code: number, message = "no", headers = {}): Answer {
  return { status: code, body: JSON.stringify({ kind: "Status", code, message }), headers };
}

const clear = async ({ world }: Scene<World>): Promise<void> => world.way.clear();
const LIST = JSON.stringify({ kind: "List", items: [], metadata: { resourceVersion: "1" } });

/** What the API server may answer that is wrong. */
export const answerFaults: readonly KubernetesFault[] = [
  {
    name: "every answer is 500",
    holds: "the running instances stay; the agent starts none",
    says: /could not .*500/,
    lastsMs: 4000,
    inject: answerAll(() => status(500, "etcdserver: no leader")),
    heal: clear,
  },
  {
    name: "every answer is 429",
    holds: "the agent waits as long as the answer says",
    lastsMs: 4000,
    inject: answerAll(() => status(429, "too many requests", { "retry-after": "1" })),
    heal: clear,
  },
  {
    name: "every answer is 401",
    slow: true,
    holds: "the running instances stay; the agent starts none",
    says: /refuses the credentials/,
    lastsMs: 4000,
    inject: answerAll(() => status(401, "Unauthorized")),
    heal: clear,
  },
  {
    name: "every answer is a web page",
    slow: true,
    holds: "the running instances stay; the agent starts none",
    says: /expected .* found|JSON|does not answer|was lost/,
    lastsMs: 4000,
    inject: answerAll(() => ({ status: 200, body: "<html>Welcome!</html>" })),
    heal: clear,
  },
  {
    name: "every answer ends in the middle",
    holds: "the running instances stay; the agent starts none",
    says: /does not answer|was lost/,
    lastsMs: 4000,
    inject: answerAll(() => ({ status: 200, body: LIST, isCut: true })),
    heal: clear,
  },
  {
    name: "every watch is refused as too old",
    slow: true,
    holds: "the agent lists again",
    lastsMs: 4000,
    inject: answerAll(({ isWatch }) => (isWatch ? status(410, "Expired") : undefined)),
    heal: clear,
  },
  {
    name: "lists say that there are no Deployments",
    holds: "no task counts as deleted",
    lastsMs: 4000,
    inject: changeLists("deployments", (list) => ({ ...list, items: [] })),
    heal: clear,
  },
  {
    name: "lists say that there are no pods",
    holds: "nothing starts in their room",
    lastsMs: 4000,
    inject: changeLists("pods", (list) => ({ ...list, items: [] })),
    heal: clear,
  },
  {
    name: "lists have no items but null",
    slow: true,
    holds: "no task counts as deleted",
    lastsMs: 4000,
    inject: changeLists("deployments", (list) => ({ ...list, items: null })),
    heal: clear,
  },
  {
    name: "an agent starts while no nodes are listed",
    holds: "the agent stops nothing; the log says that the capacity is unknown",
    says: /lists no node/,
    lastsMs: 5000,
    async inject(scene) {
      await changeLists("nodes", (list) => ({ ...list, items: [] }))(scene);
      await scene.agent.kill();
      scene.agent.restart();
    },
    heal: clear,
  },
  {
    name: "no nodes are listed for 35 s",
    holds: "the last known capacity applies",
    lastsMs: 35_000,
    slow: true,
    inject: changeLists("nodes", (list) => ({ ...list, items: null })),
    heal: clear,
  },
];
