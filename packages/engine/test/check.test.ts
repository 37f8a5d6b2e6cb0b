import { expect, it } from "vitest";
import { checkReading, checkResults } from "../src/observe/check.ts";

/** Throws whatever is done with it. */
function trap<T extends object>(target: T): T {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

it("makes a failure of a reading that throws when it is looked at", () => {
  expect(checkReading("nsq", "mail", trap({}))).toMatchObject({
    kind: "failure",
    error: { code: "ERR_PLUGIN_RESULT" },
  });
});

it("looks at a plugin's list of results once, so that it cannot throw or change later", () => {
  const list = [{ kind: "hold" }];
  const results = checkResults("nsq", ["mail"], list);
  list[0] = trap({ kind: "hold" });
  expect(results).toEqual([{ kind: "hold" }]);
});
