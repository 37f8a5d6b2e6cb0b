import { createTestClock, type TestClock } from "@microscaling/conformance";
import { MicroscalingError, silentLogger, type SchedulerTask } from "@microscaling/core";
import { beforeEach, describe, expect, it } from "vitest";

import type { Ask } from "../src/calls.ts";
import type { DockerWorkload } from "../src/index.ts";
import type { Listed } from "../src/instances.ts";
import { AGENT_LABEL, KNOCK_LABEL, TASK_LABEL } from "../src/labels.ts";
import { createRivals, type Rivals } from "../src/rivals.ts";
import { createTask, never } from "./support.ts";

const FIRST = "1700000000000-first";
const SECOND = "1700000000001-second";

let clock: TestClock;
let mail: SchedulerTask<DockerWorkload>;
/** The containers that exist, by their ids, with their labels. */
let containers: Map<string, Record<string, string>>;
/** What happens when a knock is made. */
let onKnock: (id: string, from: string) => void;
let hasImage: boolean;
let said: string[];

beforeEach(async () => {
  clock = createTestClock();
  mail = await createTask("mail", { image: "worker:1" });
  containers = new Map();
  onKnock = () => {};
  hasImage = true;
  said = [];
});

const gone = (status: number): Error => Object.assign(new Error("no"), { statusCode: status });

/** The part of Docker that is used. */
const docker = {
  async createContainer({ _body: { Labels } }: { _body: { Labels: Record<string, string> } }) {
    if (!hasImage) throw gone(404);
    const id = `knock-${containers.size}`;
    containers.set(id, Labels);
    onKnock(id, Labels[KNOCK_LABEL] ?? "");
    return { id };
  },
  getContainer: (id: string) => ({
    async inspect() {
      if (!containers.has(id)) throw gone(404);
    },
    async remove() {
      if (!containers.delete(id)) throw gone(404);
    },
  }),
};
const ask: Ask = async (_, signal, use) =>
  use(docker as never, signal).catch((cause: unknown) => {
    throw new MicroscalingError("ERR_SCHEDULER_REFUSED", "no", { cause });
  });

function create(agent: string): Rivals {
  const logger = {
    ...silentLogger,
    warn: (text: string) => void said.push(`${agent.slice(14)}: ${text}`),
    info: (text: string) => void said.push(`${agent.slice(14)}: ${text}`),
  };
  const life = new AbortController().signal;
  return createRivals({
    ask,
    clock,
    logger,
    agent,
    life,
    changed: () => {},
    goOn: (work) => void work,
  });
}

const madeBy = (agent: string): Listed => ({
  Id: `of-${agent}`,
  State: "running",
  Status: "",
  Created: 0,
  Labels: { [TASK_LABEL]: "mail", [AGENT_LABEL]: agent },
});

/** Claims, while time passes. */
async function claim(rivals: Rivals): Promise<string> {
  const claiming = rivals.claim(mail, never);
  for (let steps = 0; steps < 12; steps++) await clock.advance(200);
  return claiming;
}

describe("an agent", () => {
  it("acts at once where nobody else's containers are", async () => {
    const rivals = create(FIRST);
    rivals.note([madeBy(FIRST)]);
    expect(await rivals.claim(mail, never)).toBe("at once");
    expect(containers.size).toBe(0);
  });

  it("takes over containers of one that does not answer, and leaves nothing of its question", async () => {
    const rivals = create(SECOND);
    rivals.note([madeBy(FIRST)]);
    expect(await claim(rivals)).toBe("after a while");
    expect(containers.size).toBe(0);
    // It asks once.
    rivals.note([madeBy(FIRST), madeBy(SECOND)]);
    expect(await rivals.claim(mail, never)).toBe("at once");
    expect(said).toEqual([]);
  });

  it("stands by while another is there, and takes over when that one is gone", async () => {
    const [first, second] = [create(FIRST), create(SECOND)];
    await first.claim(mail, never);
    onKnock = (id, from) => first.hear(id, from);
    second.note([madeBy(FIRST)]);
    expect(await claim(second)).toBe("standing by");
    expect(second.isStandingBy()).toBe(true);
    await clock.advance(5000);
    expect(await claim(second)).toBe("standing by");
    expect(said).toEqual([
      expect.stringMatching(
        /^first: another agent, started 2023-11-14T22:13:20.001Z, .* continues/,
      ),
      expect.stringMatching(
        /^second: another agent, started 2023-11-14T22:13:20.000Z, .* stands by/,
      ),
    ]);
    onKnock = () => {};
    expect(await second.claim(mail, never)).toBe("standing by");
    await clock.advance(5000);
    expect(await claim(second)).toBe("after a while");
    expect(said.at(-1)).toMatch(/^second: the other agent is gone/);
    expect(containers.size).toBe(0);
  });

  it("that finds the knock of another in Docker's list answers it too", async () => {
    const first = create(FIRST);
    await first.claim(mail, never);
    containers.set("knock", {});
    first.note([{ ...madeBy(SECOND), Id: "knock", Labels: { [KNOCK_LABEL]: SECOND } }]);
    await expect.poll(() => containers.size).toBe(0);
    expect(said).toEqual([]);
  });

  it("that was there first needs not ask anew when one that started earlier asks", async () => {
    const second = create(SECOND);
    await second.claim(mail, never);
    const knock = { ...madeBy(FIRST), Id: "knock" };
    second.note([{ ...knock, Labels: { ...knock.Labels, [KNOCK_LABEL]: FIRST } }]);
    expect(await second.claim(mail, never)).toBe("at once");
  });

  it("that began together with another goes on if it started first, and else stands by", async () => {
    const [first, second] = [create(FIRST), create(SECOND)];
    await first.claim(mail, never);
    await second.claim(mail, never);
    onKnock = (id, from) => (from === FIRST ? second : first).hear(id, from);
    const both = [madeBy(FIRST), madeBy(SECOND)];
    first.note(both);
    second.note(both);
    expect(await first.claim(mail, never)).toBe("at once");
    expect(await claim(second)).toBe("standing by");
  });

  it("that asks at the same time as another is told apart by its start", async () => {
    const [first, second] = [create(FIRST), create(SECOND)];
    const dead = [madeBy("1600000000000-dead")];
    first.note(dead);
    second.note(dead);
    onKnock = (id, from) => (from === FIRST ? second : first).hear(id, from);
    const claims = Promise.all([first.claim(mail, never), second.claim(mail, never)]);
    for (let steps = 0; steps < 12; steps++) await clock.advance(200);
    expect(await claims).toEqual(["after a while", "standing by"]);
  });

  it("that only looks, as in a dry run, keeps nobody from acting", async () => {
    const [first, second] = [create(FIRST), create(SECOND)];
    first.note([]);
    onKnock = (id, from) => first.hear(id, from);
    second.note([madeBy(FIRST)]);
    expect(await claim(second)).toBe("after a while");
  });

  it("acts where it cannot ask, since the image is gone", async () => {
    hasImage = false;
    const second = create(SECOND);
    second.note([madeBy(FIRST)]);
    expect(await claim(second)).toBe("after a while");
  });
});
