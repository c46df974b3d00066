import { defineConfig } from "vitest/config";
import LongestFirst from "./test/support/longest-first.ts";

// Nothing here is timed, but a container on a busy machine may take its time.
const CONTAINER_TIMEOUT_MS = 180_000;
/** A process, too, may have to wait for a processor that containers of other tests use. */
const PROCESS_TIMEOUT_MS = 30_000;

/** The files of a project share a process: half of the time would go into starting one for each. */
const SHARED_PROCESS = { isolate: false, setupFiles: ["./test/support/no-trace.ts"] };

/** Projects run one after another: they have different numbers of workers, which vitest refuses side by side. */
const QUICK = { groupOrder: 0 };
const PROCESSES = { groupOrder: 1 };
const CONTAINERS = { groupOrder: 2 };

export default defineConfig({
  test: {
    reporters: ["default", "./test/support/reporter.ts"],
    globalSetup: ["./test/support/run-directory.ts"],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          testTimeout: PROCESS_TIMEOUT_MS,
          sequence: QUICK,
          ...SHARED_PROCESS,
        },
      },
      {
        test: {
          name: "contract",
          include: ["test/contract/**/*.test.ts"],
          testTimeout: PROCESS_TIMEOUT_MS,
          sequence: QUICK,
          ...SHARED_PROCESS,
        },
      },
      {
        test: {
          name: "process",
          include: ["test/process/**/*.test.ts"],
          testTimeout: PROCESS_TIMEOUT_MS,
          // By default there is one for two processors, and half of its time it waits.
          maxWorkers: 2,
          sequence: PROCESSES,
        },
      },
      {
        test: {
          name: "container",
          include: ["test/container/**/*.test.ts"],
          globalSetup: ["./test/support/global-setup.ts"],
          testTimeout: CONTAINER_TIMEOUT_MS,
          hookTimeout: CONTAINER_TIMEOUT_MS,
          // Two processors: more containers at once only make each other slow.
          maxWorkers: 2,
          sequence: CONTAINERS,
        },
      },
    ],
  },
});
