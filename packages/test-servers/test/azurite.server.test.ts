import { expect, onTestFinished, test } from "vitest";
import {
  createAzureKey,
  createAzureQueue,
  sendToAzureQueue,
  startAzurite,
  takeFromAzureQueue,
} from "../src/index.ts";

test("an Azurite keeps its port over a restart, not its queues, and has the key it is given", async () => {
  const azurite = await startAzurite();
  onTestFinished(() => azurite.stop());
  expect(azurite.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d+\/microscaling$/);
  await createAzureQueue(azurite, "demo");
  await sendToAzureQueue(azurite, "demo", { n: 3 });
  expect(await takeFromAzureQueue(azurite, "demo", 2)).toBe(2);
  await expect.poll(() => azurite.requests()).toBe(5);
  await azurite.restart();
  await expect(sendToAzureQueue(azurite, "demo", { n: 1 })).rejects.toMatchObject({
    code: "QueueNotFound",
  });
  await azurite.restart(createAzureKey());
  await expect(sendToAzureQueue(azurite, "demo", { n: 1 })).rejects.toMatchObject({
    statusCode: 403,
  });
});
