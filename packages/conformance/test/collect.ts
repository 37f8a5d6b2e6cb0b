import type { TestRunner } from "../src/index.ts";

/** The names of the tests, without the name of the whole suite, by what came of them. */
export interface Results {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  /** Why, by name. */
  readonly errors: ReadonlyMap<string, unknown>;
}

/** Runs what `register` registers, one test after the other: the least that a runner can be. */
export async function collect(register: (runner: TestRunner) => void): Promise<Results> {
  const path: string[] = [];
  const tests: { name: string; body: () => Promise<void> }[] = [];
  register({
    describe: (name, body) => {
      path.push(name);
      body();
      path.pop();
    },
    it: (name, body) => {
      tests.push({ name: [...path.slice(1), name].join(": "), body });
    },
  });
  const passed: string[] = [];
  const errors = new Map<string, unknown>();
  for (const { name, body } of tests) {
    try {
      await body();
      passed.push(name);
    } catch (error) {
      errors.set(name, error);
    }
  }
  return { passed, failed: [...errors.keys()], errors };
}
