// A web container whose application remembers what reached it, and a group of hostile cases sent to it all at once.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { type Container, createContainer } from "../../support/docker.ts";
import { docker } from "../../support/docker-cli.ts";
import { eventually } from "../../support/eventually.ts";
import { http } from "../../support/http.ts";
import { type LogRecord, statusOf, targetOf } from "../../support/records.ts";
import { runContext } from "../../support/run-context.ts";
import { isReady } from "../cake-subject.ts";
import type { HostileCase, Seen } from "./case.ts";
import { type Exchanged, exchange } from "./exchange.ts";

const APPLICATION = join(import.meta.dirname, "../../fixtures/hostile-requests");

export interface Subject {
  container: Container;
  port: number;
  pid1: string;
}

/** What came of one case. */
export interface Outcome extends Exchanged {
  id: string;
  seen: Seen[];
  /** The access records in which its id is. */
  records: LogRecord[];
}

export interface Outcomes {
  byName: Map<string, Outcome>;
  /** All access records of the group, also those without an id. */
  records: LogRecord[];
}

/** `files`: absolute path in the container → content. `plant`: a shell's commands, as user django. */
export async function startHostile(
  application: string,
  {
    files = {},
    plant = "",
    env = {},
  }: { files?: Record<string, string>; plant?: string; env?: Record<string, string> },
): Promise<Subject> {
  const container = await createContainer({
    image: runContext().images.djinit,
    command: [application],
    // No peer is believed: what a stranger says of himself must not arrive.
    env: { SKIP_MIGRATIONS: "1", WEB_CONCURRENCY: "1", DJINIT_TRUSTED_PROXIES: "192.0.2.1", ...env },
  });
  await docker("copy the application", ["cp", `${APPLICATION}/.`, `${container.id}:/app/`]);
  await copyFiles(container, files);
  await docker("start the subject", ["start", container.id]);
  await container.record("readiness", isReady, 60_000);
  if (plant !== "") await container.output(["sh", "-ec", plant], { user: "django" });
  return { container, port: await container.port(8000), pid1: await startTime(container) };
}

async function copyFiles(container: Container, files: Record<string, string>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "hostile-"));
  try {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), content);
    }
    // Whatever the umask here: `docker cp` keeps the modes.
    await promisify(execFile)("chmod", ["-R", "u=rwX,go=rX", directory]);
    await docker("copy the files", ["cp", `${directory}/.`, `${container.id}:/`]);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** When PID 1 was started, in ticks: another number is another process. */
export async function startTime(container: Container): Promise<string> {
  const text = await container.output(["cat", "/proc/1/stat"]);
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] as string;
}

let made = 0;
/** Four characters, always: lengths are written in the tables. In no id of nginx's, which are hexadecimal. */
const newId = (): string => {
  made += 1;
  return `z${made.toString(36).padStart(3, "0")}`;
};

/** Sends all cases at once, each on a connection of its own, and waits until their access records are there. */
export async function runCases(
  { container, port }: Subject,
  cases: readonly HostileCase[],
): Promise<Outcomes> {
  const isAccess = (record: LogRecord) => record.service === "nginx" && statusOf(record) !== undefined;
  const before = (await container.records()).filter(isAccess).length;
  const sent = await Promise.all(
    cases.map(async (hostile) => {
      const id = newId();
      const parts = typeof hostile.send === "string" ? [hostile.send] : hostile.send;
      const bytes = parts.map((part) => Buffer.from(part.replaceAll("{id}", id), "latin1"));
      return { hostile, id, exchanged: await exchange(port, bytes, hostile) };
    }),
  );
  const seen = JSON.parse((await http(await container.url("/seen"))).text) as Seen[];
  const expected = cases.reduce((sum, { answers, records = answers }) => sum + records.length, 0);
  // nginx writes the record of a request when it is done with the connection, which may be after the client is.
  const records = await eventually(
    async () => {
      const all = (await container.records()).filter(isAccess).slice(before);
      const own = all.filter((record) => targetOf(record) !== "/seen");
      if (all.length === own.length || own.length < expected)
        throw new Error(`${own.length} of ${expected} records`);
      return own;
    },
    { what: "the access records", timeoutMs: 60_000, attach: () => container.logs() },
  );
  const byName = new Map<string, Outcome>();
  for (const { hostile, id, exchanged } of sent) {
    byName.set(hostile.name, {
      id,
      ...exchanged,
      seen: seen.filter((it) => JSON.stringify(it).includes(id)),
      records: records.filter((it) => JSON.stringify(it).includes(id)),
    });
  }
  return { byName, records };
}
