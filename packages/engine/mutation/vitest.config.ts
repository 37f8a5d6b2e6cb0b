import { BaseSequencer, type TestSpecification } from "vitest/node";
import { defineConfig } from "vitest/config";

// As Node resolves, that is without Vite's "module".
const conditions = ["@microscaling/source", "node", "development|production"];

/** Tests that try much come after all others: the first one that fails ends the run of a mutant. */
const SLOW = /\/test\/(?:sharing\/|lead\.test|properties\.test)/;

function isSlow({ moduleId }: TestSpecification): boolean {
  return SLOW.test(moduleId);
}

class SlowLast extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return [...files.filter((file) => !isSlow(file)), ...files.filter(isSlow)];
  }
}

/** The tests that are run against mutants: those of pure functions. The others drive whole engines, which takes too long for so little. */
export default defineConfig({
  ssr: { resolve: { conditions } },
  test: {
    restoreMocks: true,
    // What is mutated is slower by far.
    testTimeout: 20_000,
    // All files of one run share one module graph: else loading it would take most of the time.
    isolate: false,
    include: ["test/**/*.test.ts"],
    exclude: [
      "test/*.properties.test.ts",
      "test/{ha,loop,measure,torture,untrusted}.test.ts",
      "test/faults/**",
    ],
    env: { MICROSCALING_MUTATION: "1" },
    setupFiles: ["mutation/properties.ts"],
    sequence: { sequencer: SlowLast },
  },
});
