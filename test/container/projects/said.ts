// What containers of a project write.
import { expect } from "vitest";
import type { Container } from "../../support/docker.ts";
import { eventually } from "../../support/eventually.ts";
import { http } from "../../support/http.ts";
import type { LogRecord } from "../../support/records.ts";
import { isReady } from "../cake-subject.ts";
import { type Project, SAID } from "./project.ts";

const WEB_SERVERS = ["gunicorn", "uvicorn", "granian", "daphne"];
const LOUD = ["warn", "error", "fatal"];

/** What gunicorn says when a worker begins. */
const OF_A_WORKER = /^(Booting worker with pid|ASGI server listening on)/;

/** Has the project say something at each level, and compares what comes of it. Nothing else may come in between. */
export async function talk(web: Container, { said = SAID, server = "gunicorn" }: Project): Promise<void> {
  const before = (await web.records()).length;
  const answer = await http(await web.url("/talk/"));
  expect(answer.status, answer.text).toBe(200);
  // The first worker serves; the others may still be on their way, and gunicorn says so.
  const isOfSize = (record: LogRecord) => "workers" in record || OF_A_WORKER.test(record.msg);
  const since = async () =>
    (await web.records())
      .slice(before)
      .filter((record) => record.service === server && !("http" in record) && !isOfSize(record));
  // A traceback may be waited for, for a while.
  await eventually(async () => (await since()).length >= said.length, {
    what: "what was said",
    intervalMs: 200,
  }).catch(() => {});
  const records = await since();
  const shown = JSON.stringify(records, null, 1);
  expect(
    records.map(({ level }) => level),
    shown,
  ).toEqual(said.map(([level]) => level));
  for (const [index, [, message, exception]] of said.entries()) {
    const record = records[index] as LogRecord;
    if (typeof message === "string") expect(record.msg.endsWith(message), shown).toBe(true);
    else expect(record.msg, shown).toMatch(message);
    const { type } = (record["error"] ?? {}) as { type?: string };
    expect(type, shown).toBe(exception);
  }
}

/** The records above `info`, but those that /talk/ made. Errors: a line is no JSON. */
export async function loudIn(container: Container): Promise<string[]> {
  const records = await container.records();
  const loud = records.filter(({ level }) => LOUD.includes(level));
  return loud
    .filter((record) => !isTalk(record) && !isHandedBack(record) && !isToldTwice(record))
    .map((record) => `${container.name}: ${JSON.stringify(record)}`);
}

function isTalk({ service, msg }: LogRecord): boolean {
  return (
    WEB_SERVERS.includes(service) &&
    /the flour runs low|the oven is cold|cannot bake|there is no dough/.test(msg)
  );
}

/** A worker that is told to stop gives back what Redis has handed to it meanwhile. Nothing is lost, but kombu warns. */
function isHandedBack({ service, msg }: LogRecord): boolean {
  return service === "celery-worker" && msg.startsWith("Requeuing undeliverable message for queue ");
}

/** gunicorn up to 22 may tell a worker to end once more while it ends, and calls that an error. Its requests are answered. */
function isToldTwice({ service, msg }: LogRecord): boolean {
  return service === "gunicorn" && /^Worker \(pid:\d+\) was sent SIGTERM!$/.test(msg);
}

/** Waits until every service is ready. Errors: the container ends, or is not ready in time; with its log. */
export async function waitUntilReady(container: Container, timeoutMs = 90_000): Promise<void> {
  await eventually(
    async () => {
      if ((await container.records()).some(isReady)) return true;
      const { State } = await container.inspect();
      return !State.Running && "ended";
    },
    { what: "readiness", timeoutMs, intervalMs: 300, attach: () => container.logs() },
  );
  if (!(await container.records()).some(isReady))
    throw new Error(`${container.name} has ended:\n${await container.logs()}`);
}
