import { join } from "node:path";
import { defineConfig } from "vitest/config";

// As Node resolves, that is without Vite's "module".
const conditions = ["@microscaling/source", "node", "development|production"];

/** The tests that mutants are run against: everything that is fast. */
export default defineConfig({
  ssr: { resolve: { conditions } },
  test: {
    restoreMocks: true,
    isolate: false,
    include: ["test/{untrusted,measure}.test.ts"],
    exclude: ["test/lead.properties.test.ts"],
  },
});
