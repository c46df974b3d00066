import { defineConfig } from "vitest/config";

/** Images, engines inside containers, and minutes of load. */
const ENGINE_TIMEOUT_MS = 15 * 60_000;

// Whole deployments on the engines that people run. Not a part of `npm test`: they take minutes.
export default defineConfig({
  test: {
    reporters: ["verbose"],
    projects: ["compose", "swarm", "logs"].map((name) => ({
      test: {
        name,
        include: [`test/engines/${name}/**/*.test.ts`],
        globalSetup: ["./test/engines/global-setup.ts"],
        testTimeout: ENGINE_TIMEOUT_MS,
        hookTimeout: ENGINE_TIMEOUT_MS,
      },
    })),
  },
});
