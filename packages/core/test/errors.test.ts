import { describe, expect, it } from "vitest";
import { asMicroscalingError, isMicroscalingError, MicroscalingError } from "../src/index.ts";

const refused = new Error("connect ECONNREFUSED 127.0.0.1:4151");

describe("MicroscalingError", () => {
  it("carries its code, its details and its cause", () => {
    const error = new MicroscalingError("ERR_CONFIG_INVALID", "2 mistakes", {
      details: ["a", "b"],
      cause: refused,
    });
    expect(error).toMatchObject({
      name: "MicroscalingError",
      code: "ERR_CONFIG_INVALID",
      message: "2 mistakes",
      details: ["a", "b"],
      cause: refused,
    });
  });

  it("has no cause unless it is given one", () => {
    expect("cause" in new MicroscalingError("ERR_DEADLINE", "late")).toBe(false);
  });
});

describe("isMicroscalingError", () => {
  it("knows the error of another copy of this package by its code", () => {
    expect(isMicroscalingError(Object.assign(new Error("late"), { code: "ERR_DEADLINE" }))).toBe(
      true,
    );
  });

  it.each([
    ["an error of Node", Object.assign(new Error("no file"), { code: "ENOENT" })],
    ["an error without a code", refused],
    ["a code that every object has", Object.assign(new Error("odd"), { code: "toString" })],
    ["what is not an error", { code: "ERR_DEADLINE" }],
    ["nothing", undefined],
  ])("refuses %s", (_, error) => {
    expect(isMicroscalingError(error)).toBe(false);
  });
});

describe("asMicroscalingError", () => {
  it("leaves one of ours as it is", () => {
    const error = new MicroscalingError("ERR_DEADLINE", "late");
    expect(asMicroscalingError(error, "ERR_PLUGIN_FAULT", "metric nsq")).toBe(error);
  });

  it("says where, and keeps the words and the cause", () => {
    const error = asMicroscalingError(refused, "ERR_METRIC_UNREACHABLE", "nsqd 127.0.0.1:4151");
    expect(error).toMatchObject({
      code: "ERR_METRIC_UNREACHABLE",
      message: `nsqd 127.0.0.1:4151: ${refused.message}`,
      cause: refused,
    });
  });

  it("takes whatever was thrown", () => {
    expect(asMicroscalingError("broken", "ERR_PLUGIN_FAULT", "metric x").message).toBe(
      "metric x: broken",
    );
    expect(asMicroscalingError(undefined, "ERR_PLUGIN_FAULT", "metric x").message).toBe(
      "metric x: undefined",
    );
  });
});
