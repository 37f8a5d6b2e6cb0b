import { BaseSequencer, type TestSpecification } from "vitest/node";
import { defineConfig } from "vitest/config";

// As Node resolves, that is without Vite's "module".
const conditions = ["@microscaling/source", "node", "development|production"];

/** The tests of whole engines. They take longer, so they come after all others: the first one that fails ends the run of a mutant. */
const WHOLE =
  /\/test\/(?:faults|sharing)\/|\/test\/(?:ha|lead|loop|measure|properties|untrusted)\.test\.ts$/;

function isWhole({ moduleId }: TestSpecification): boolean {
  return WHOLE.test(moduleId);
}

class WholeLast extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return [...files.filter((file) => !isWhole(file)), ...files.filter(isWhole)];
  }
}

/** The tests that are run against mutants. Those of whole worlds take as long as all others together. */
export default defineConfig({
  ssr: { resolve: { conditions } },
  test: {
    restoreMocks: true,
    // What is mutated is slower by far.
    testTimeout: 20_000,
    // All files of one run share one module graph: else loading it would take most of the time.
    isolate: false,
    include: ["test/**/*.test.ts"],
    exclude: ["test/*.properties.test.ts", "test/torture.test.ts"],
    setupFiles: ["mutation/properties.ts"],
    sequence: { sequencer: WholeLast },
  },
});
