// Lines of web servers other than gunicorn, as they are on a pipe: each has its own way to say the level.
import { expect, test } from "vitest";
import { streamed } from "../../../support/streamed.ts";

test.each([
  ["uvicorn", "INFO:     Started server process [623]", "info", "Started server process [623]"],
  ["uvicorn", "ERROR:    Child process [7] failed to start", "error", "Child process [7] failed to start"],
  ["uvicorn", "WARNING:  Invalid HTTP request received.", "warn", "Invalid HTTP request received."],
  ["granian", "[INFO] Starting granian (main PID: 7)", "info", "Starting granian (main PID: 7)"],
  ["granian", "[WARNING] Killing worker-1", "warn", "Killing worker-1"],
  ["granian", "[ERROR] Unexpected exit from worker-1", "error", "Unexpected exit from worker-1"],
  [
    "hypercorn",
    "[2026-11-26 08:12:47 +0000] [910] [INFO] Running on http://unix:/run/gunicorn/gunicorn.sock",
    "info",
    "Running on http://unix:/run/gunicorn/gunicorn.sock",
  ],
  [
    "daphne",
    "2026-11-26 08:07:57,780 INFO     Starting server at fd:fileno=3",
    "info",
    "Starting server at fd:fileno=3",
  ],
  ["daphne", "2026-11-26 08:07:57,780 CRITICAL Listen failure: no", "fatal", "Listen failure: no"],
])("%s: %s", (service, line, level, msg) => {
  const { records } = streamed([Buffer.from(`${line}\n`)], { service, pid: 1 });
  expect(records).toMatchObject([{ service, level, msg }]);
});
