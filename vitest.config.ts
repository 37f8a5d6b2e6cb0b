import { globSync } from "node:fs";
import { dirname, join } from "node:path";
import { defineConfig } from "vitest/config";

// Three kinds of tests. `*.test.ts` are fast and need nothing; `*.program.test.ts` start the program many times and are left out of
// `npm run test:unit` (mode `unit`); `*.server.test.ts` drive real servers, one file at a time,
// and run only with MICROSCALING_SERVERS=1 (`npm test` sets it once the servers are there).
const root = import.meta.dirname;
// As Node resolves, that is without Vite's "module": what stands there is for bundlers, and Node may not be able to load it.
const conditions = ["@microscaling/source", "node", "development|production"];
const packages = globSync("{packages,apps}/*/package.json", { cwd: root }).map((file) =>
  dirname(file),
);
const servers = process.env["MICROSCALING_SERVERS"] === "1";

export default defineConfig(({ mode }) => ({
  ssr: { resolve: { conditions } },
  test: {
    restoreMocks: true,
    // Simulations take seconds on a busy machine, which is no fault of theirs.
    testTimeout: 30_000,
    // A server that a test waits for takes what it takes.
    expect: { poll: { timeout: 20_000 } },
    ...(servers ? { fileParallelism: false, testTimeout: 60_000, hookTimeout: 120_000 } : {}),
    projects: [...packages, "scripts", "examples", "bench/control"].map((dir) => ({
      extends: true,
      root: join(root, dir),
      test: {
        name: dir,
        include: [servers ? "test/**/*.server.test.ts" : "test/**/*.test.ts"],
        exclude: [
          ...(servers ? [] : ["test/**/*.server.test.ts"]),
          ...(mode === "unit" ? ["test/**/*.program.test.ts"] : []),
        ],
        typecheck: {
          enabled: !servers,
          include: ["test/**/*.test-d.ts"],
          // Those are the type check's own.
          ignoreSourceErrors: true,
          tsconfig: join(root, "tsconfig.test.json"),
        },
      },
    })),
  },
}));
