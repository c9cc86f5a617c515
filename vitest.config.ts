import { defineConfig } from "vitest/config";

/** What they test keeps nothing between two runs, so that they can share its modules: to load them anew for each file takes as long as the tests. */
const SHARING = ["base", "sim", "kafka", "checks", "scenario", "run", "walk", "report"].map(
  (layer) => `test/${layer}/**/*.test.ts`,
);

// As many workers as cores: by default vitest keeps one core for itself, which on a build server with two is half of them.
export default defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: "100%",
    projects: [
      { extends: true, test: { name: "layers", include: SHARING, isolate: false } },
      { extends: true, test: { name: "program", include: ["test/**/*.test.{ts,tsx}"], exclude: SHARING } },
    ],
  },
});
