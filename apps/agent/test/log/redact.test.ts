import { MicroscalingError } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import { createRedactor } from "../../src/log/redact.ts";

describe("the redactor", () => {
  const redactor = createRedactor();
  redactor.add(["hunter22", "hunter22-and-more"]);

  it("hides a secret in texts, lists, keys and errors with their details and cause", () => {
    const error = new MicroscalingError("ERR_METRIC_REFUSED", "user:hunter22@host refused", {
      details: ["tried hunter22"],
      cause: new Error("401 for hunter22"),
    });
    const shown = redactor.map({
      a: ["x hunter22 y"],
      "hunter22 key": { deep: "hunter22" },
      error,
    });
    expect(JSON.stringify(shown)).not.toContain("hunter22");
    expect(shown["error"]).toEqual({
      code: "ERR_METRIC_REFUSED",
      message: "user:[redacted]@host refused",
      details: ["tried [redacted]"],
      cause: "401 for [redacted]",
    });
  });

  it("hides a longer secret whole, not only the shorter one in it", () => {
    expect(redactor.text("=hunter22-and-more=")).toBe("=[redacted]=");
  });

  it("leaves numbers, nothing and very short secrets as they are", () => {
    redactor.add(["10", ""]);
    expect(redactor.map({ n: 10, none: undefined, text: "10 instances" })).toEqual({
      n: 10,
      none: undefined,
      text: "10 instances",
    });
  });

  it("survives a value that contains itself", () => {
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;
    expect(JSON.stringify(redactor.map(loop))).toContain("…");
  });
});
