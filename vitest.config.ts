import { defineConfig } from "vitest/config";

// As many workers as cores: by default vitest keeps one core for itself, which on a build server with two is half of them.
export default defineConfig({
  test: { include: ["test/**/*.test.{ts,tsx}"], testTimeout: 120_000, hookTimeout: 120_000, maxWorkers: "100%" },
});
