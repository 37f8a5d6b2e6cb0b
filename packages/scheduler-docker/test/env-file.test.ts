import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { readEnvFile } from "../src/env-file.ts";

describe("an env file", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "microscaling-env-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function read(text: string): Promise<Record<string, string>> {
    const path = join(folder, "worker.env");
    await writeFile(path, text);
    return readEnvFile(path, "mail");
  }

  it("is read as Docker reads it: values as they stand", async () => {
    const text = '# a comment\n\nURL=http://x/?a=b#c\nQUOTED="yes"\nEMPTY=\nLAST=1\r\n';
    expect(await read(text)).toEqual({
      URL: "http://x/?a=b#c",
      QUOTED: '"yes"',
      EMPTY: "",
      LAST: "1",
    });
  });

  it("never takes a value from the agent's environment, nor shows what it holds", async () => {
    const error = await read("A=hunter2\nPATH\n").catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "ERR_START_FAILED" });
    expect(String(error)).toContain("line 2");
    expect(String(error)).not.toContain("hunter2");
  });

  it("is named when it cannot be read", async () => {
    await expect(readEnvFile(join(folder, "none.env"), "mail")).rejects.toThrow(
      /task "mail".*none\.env/,
    );
  });
});
