// vitest's setup of the unit and contract tests. Their files share one process, which saves its start for each of them:
// so a file has to leave the process as it found it.
import { afterAll, expect, vi } from "vitest";

const before = stateOfProcess();

afterAll(() => expect(stateOfProcess()).toEqual(before));

function stateOfProcess(): Record<string, unknown> {
  return {
    environment: { ...process.env },
    workingDirectory: process.cwd(),
    fileModeMask: process.umask(),
    exitCode: process.exitCode,
    listeners: Object.fromEntries(
      process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
    ),
    fakeTimers: vi.isFakeTimers(),
  };
}
