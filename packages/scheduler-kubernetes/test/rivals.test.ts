import { createTestClock, type TestClock } from "@microscaling/conformance";
import { beforeEach, describe, expect, it } from "vitest";

import { ApiFailure } from "../src/errors.ts";
import type { ApiRequest } from "../src/connection.ts";
import { createRivalWatch, type RivalWatch } from "../src/rivals.ts";
import { readScaledObject } from "../src/scaled-object.ts";
import type { Target } from "../src/targets.ts";
import { createListener, never } from "./support.ts";

const MINUTE_MS = 60_000;

const target: Target = {
  task: "worker",
  resource: {
    kind: "Deployment",
    group: "apps",
    plural: "deployments",
    root: "/apis/apps/v1",
    namespaced: true,
    custom: false,
  },
  namespace: "mail",
  name: "worker",
  key: "worker",
  label: "Deployment mail/worker",
  path: "/apis/apps/v1/namespaces/mail/deployments/worker",
};

let clock: TestClock;
let warnings: string[];
let asked: string[];
/** What is answered, by the last part of the path; what is not there is answered 404. */
let answers: Record<string, object>;
let rivals: RivalWatch;

beforeEach(() => {
  clock = createTestClock();
  asked = [];
  answers = {};
  const listener = createListener();
  ({ warnings } = listener);
  const connection = {
    async ask({ path }: ApiRequest) {
      const plural = path.split("/").at(-1) ?? "";
      asked.push(plural);
      const answer = answers[plural];
      if (answer === undefined) throw new ApiFailure({ status: 404, body: "" });
      return answer;
    },
  };
  rivals = createRivalWatch({ connection, clock, logger: listener.logger });
});

const scales = (name: string, of: string, more: object = {}): object => ({
  metadata: { name, ...more },
  spec: { scaleTargetRef: { kind: "Deployment", name: of } },
});

describe("autoscalers on the same object", () => {
  it("are warned of once; the one that a ScaledObject made is not named beside it", async () => {
    answers = {
      scaledobjects: { items: [scales("mail-scaler", "worker"), scales("other", "web")] },
      horizontalpodautoscalers: {
        items: [scales("keda-hpa", "worker", { ownerReferences: [{ kind: "ScaledObject" }] })],
      },
    };
    await rivals.look(target, never);
    await rivals.look(target, never);
    expect(warnings).toEqual([
      expect.stringContaining("ScaledObject mail/mail-scaler also scales Deployment mail/worker"),
    ]);
  });

  it.each([0, -3_600_000, 3_600_000])(
    "are looked for once a minute for all objects of a namespace, though the clock is set by %d ms",
    async (setMs) => {
      const other = { ...target, name: "other", key: "other" };
      await Promise.all([rivals.look(target, never), rivals.look(other, never)]);
      expect(asked).toHaveLength(2);
      answers = { horizontalpodautoscalers: { items: [scales("late", "worker")] } };
      clock.stepWall(setMs);
      await clock.advance(MINUTE_MS - 1);
      await rivals.look(target, never);
      expect(asked).toHaveLength(2);
      await clock.advance(1);
      await rivals.look(target, never);
      expect(warnings).toHaveLength(1);
    },
  );
});

describe("somebody who sets another number", () => {
  const moved = readScaledObject({
    metadata: {
      managedFields: [{ manager: "kubectl", fieldsV1: { "f:spec": { "f:replicas": {} } } }],
    },
    spec: { replicas: 7 },
  });

  it.each([0, -3_600_000, 3_600_000])(
    "is named when it happens three times within ten minutes, and then no more for as long, though the clock is set by %d ms",
    async (setMs) => {
      for (let time = 0; time < 50; time += 1) {
        rivals.overruled(target, moved);
        if (time === 1 || time === 5) clock.stepWall(setMs);
        await clock.advance(MINUTE_MS / 6);
      }
      expect(warnings).toEqual([
        expect.stringMatching(/"kubectl" has set Deployment mail\/worker .* to 7/),
      ]);
      await clock.advance(2 * MINUTE_MS);
      rivals.overruled(target, moved);
      expect(warnings).toHaveLength(2);
    },
  );

  it("is not when it happens now and then", async () => {
    for (let time = 0; time < 10; time += 1) {
      rivals.overruled(target, moved);
      await clock.advance(6 * MINUTE_MS);
    }
    expect(warnings).toEqual([]);
  });
});
