/** The two functions of a test runner that the suites need: those of vitest, node:test, mocha, … */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
}

/** A value as someone writes it in a config that must be refused, and where the mistake is: `["instances", "max"]`. */
export interface InvalidExample {
  readonly written: unknown;
  readonly path: readonly (string | number)[];
}

/** Something that can be begun and ended from outside. `end` is called after each test that began it, also when that failed. */
export interface Switch {
  readonly begin: () => Promise<void>;
  readonly end: () => Promise<void>;
}
