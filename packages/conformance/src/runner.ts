/** The two functions of a test runner that the suites need: those of vitest, node:test, mocha, … */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
}

/** A value in the form of a config that must be refused, and the path of the mistake, such as `["instances", "max"]`. */
export interface InvalidExample {
  readonly written: unknown;
  readonly path: readonly (string | number)[];
}

/** Something that the suite begins and ends. `end` is called after each test that called `begin`, even if the test failed. */
export interface Switch {
  readonly begin: () => Promise<void>;
  readonly end: () => Promise<void>;
}
