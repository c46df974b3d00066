// What every failure of djinit's looks like from outside.
import { expect } from "vitest";
import type { Container } from "../support/docker.ts";
import { type LogRecord, parseRecords } from "../support/records.ts";

/** A stack of Node's, or one of Python's that shows djinit's own program. */
const OUR_TRACEBACK = /node:internal|\bat (async )?\S+ \(|\.js:\d+:\d+|djinit_(setup|values)/;

export interface Failure {
  status: number;
  code: string;
  /** For a command, which has stdout to itself. */
  on?: "stdout" | "stderr";
}

/**
 * Waits for the end and checks it: the exit status; exactly one error of djinit's, with this code, a hint and the same
 * status; nothing but records; no traceback of djinit's. Returns the error.
 */
export async function failsWith(
  container: Container,
  { status, code, on = "stdout" }: Failure,
): Promise<LogRecord> {
  const ended = await container.wait(30_000);
  const [stdout, stderr] = [await container.stdout(), await container.stderr()];
  expect(on === "stdout" ? stderr : stdout).toBe("");
  const text = on === "stdout" ? stdout : stderr;
  const errors = parseRecords(text).filter(
    ({ level, service }) => service === "djinit" && ["error", "fatal"].includes(level),
  );
  expect(errors, text).toHaveLength(1);
  const [error] = errors as [LogRecord];
  expect(error).toMatchObject({ level: "error", service: "djinit", code, exit_status: status });
  expect(error["hint"]).toMatch(/\w{3}/);
  expect(error.msg).toMatch(/^cannot /);
  expect(ended, text).toBe(status);
  expect(text).not.toMatch(OUR_TRACEBACK);
  return error;
}
