import assert from "node:assert/strict";

import { API_VERSION, PLUGIN, type PluginInfo } from "@microscaling/core";

import type { TestRunner } from "./runner.ts";

interface AnyPlugin extends PluginInfo {
  readonly [PLUGIN]: string;
  readonly kind: string;
  readonly capabilities: object;
  readonly create: unknown;
}

/** Capabilities that are declared by having a method or not. */
export type MethodCapability = "watch" | "prepare" | "capacity" | "check" | "lease";

/** The plugin is what its default export says it is. */
export function pluginShapeSuite(
  { describe, it }: TestRunner,
  plugin: AnyPlugin,
  kind: "scheduler" | "metric",
): void {
  describe("plugin", () => {
    it("carries the mark of its kind", async () => {
      assert.equal(
        plugin[PLUGIN],
        kind,
        `make the plugin with define${kind === "metric" ? "Metric" : "Scheduler"}`,
      );
      assert.equal(plugin.kind, kind);
    });
    it("is made for this version of the contract", async () => {
      assert.equal(plugin.apiVersion, API_VERSION);
    });
    it("has a short name that can stand in a config", async () => {
      assert.match(plugin.name, /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
    });
    it("declares every capability", async () => {
      const flags =
        kind === "metric"
          ? ["watch"]
          : ["watch", "prepare", "capacity", "outlivesAgent", "replaces"];
      for (const name of flags) {
        const declared: unknown = Reflect.get(plugin.capabilities, name);
        assert.equal(typeof declared, "boolean", `capabilities.${name} is true or false`);
      }
      if (kind === "scheduler") return;
      const parts: unknown = Reflect.get(plugin.capabilities, "parts");
      assert.ok(Array.isArray(parts), "capabilities.parts lists the parts of a reading");
    });
  });
}

/** An optional method is there exactly when its capability is declared. */
export function assertDeclared(made: object, method: MethodCapability, declared: boolean): void {
  const present = typeof Reflect.get(made, method) === "function";
  assert.equal(
    present,
    declared,
    `capabilities.${method} is ${declared}, and ${method} is ${present ? "there" : "not there"}`,
  );
}
