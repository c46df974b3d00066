// Real output of the real programs, which test/fixtures/corpus/capture.py has captured.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { LEVELS } from "../../../../src/base/log-level.ts";
import { streamed } from "../../../support/streamed.ts";

const CORPUS = join(import.meta.dirname, "../../../fixtures/corpus");
const SERVICES = [
  [/^nginx/, "nginx"],
  [/^celery-beat/, "celery-beat"],
  [/^celery/, "celery-worker"],
  [/./, "gunicorn"],
] as const;

const FILES = readdirSync(CORPUS).filter((name) => name.endsWith(".txt"));
const named = (pattern: RegExp): string[] => FILES.filter((name) => pattern.test(name));

/** What is taken off a line, and put into fields of its own. */
const HEAD =
  /^(\d{4}\/\d\d\/\d\d [\d:]+ \[\w+\] \d+#\d+: |\[[^\]]+\] (\[\d+\] \[\w+\] )?(?=[^"])|(\d{4}-\d\d-\d\d [\d:,]+ )?(DEBUG|INFO|WARNING|ERROR|CRITICAL)(: |:([a-z.]+:)?| ))/;

type Record_ = Record<string, unknown> & { msg: string; level: string };
interface PythonError {
  type: string;
  message: string;
  stack: string;
}

function bytesOf(name: string): Buffer {
  return readFileSync(join(CORPUS, name));
}

function recordsOf(name: string): Record_[] {
  const service = SERVICES.find(([pattern]) => pattern.test(name))?.[1] ?? "";
  return streamed([bytesOf(name)], { service, pid: 1 }).records as Record_[];
}

const errorOf = (record: Record_ | undefined) => record?.["error"] as PythonError | undefined;

test("the corpus is there, of two versions of Django", () => {
  for (const program of [
    "gunicorn-django",
    "gunicorn-djinit",
    "uvicorn-django",
    "celery-django",
    "celery-djinit",
  ])
    expect(named(new RegExp(`^${program}-`)).length).toBeGreaterThanOrEqual(2);
  expect(named(/^django-/).length).toBeGreaterThanOrEqual(8);
  expect(named(/^(nginx-access|nginx-error|celery-beat|gunicorn-cannot-boot)\./)).toHaveLength(4);
});

describe.each(FILES)("%s", (name) => {
  const records = recordsOf(name);

  test("no line of it is lost", () => {
    const said = records.map((record) => `${record.msg}\n${errorOf(record)?.stack ?? ""}`).join("\n");
    for (const line of bytesOf(name).toString("utf8").split("\n")) {
      if (line === "" || line.startsWith("{")) continue;
      expect(said).toContain(line.replace(HEAD, ""));
    }
  });

  test("every record has a level, and a traceback is part of the record that it belongs to", () => {
    for (const { level, msg } of records) {
      expect(LEVELS).toContain(level);
      expect(msg).not.toMatch(/^(Traceback|\s+(\+ Exception Group Traceback|File "))/);
    }
  });

  test("it is the same wherever the reads are cut in lines", () => {
    const bytes = bytesOf(name);
    const lines = bytes.toString("latin1").split(/(?<=\n)/);
    const service = SERVICES.find(([pattern]) => pattern.test(name))?.[1] ?? "";
    // A traceback has to come with the line that announces it; the rest may come as it likes.
    const reads = lines
      .join("")
      .split(/(?<=\n)(?=\[|\{)/)
      .map((text) => Buffer.from(text, "latin1"));
    expect(streamed(reads, { service, pid: 1 }).records).toEqual(records);
  });
});

/** The levels of project.py's `talk`, as they are logged. */
describe.each(named(/^(django|gunicorn|uvicorn)-(?!cannot)/))("%s", (name) => {
  const records = recordsOf(name);
  const saying = (text: string) => records.filter(({ msg }) => msg.endsWith(text));

  test("levels are mapped wherever the line names one", () => {
    if (name.endsWith("-default.txt")) return expect(saying("said at level 50")).toHaveLength(1);
    const levels = [10, 20, 30, 40, 50].map((level) => saying(`said at level ${level}`)[0]?.level);
    expect(levels).toEqual(["debug", "info", "warn", "error", "fatal"]);
  });

  test("tracebacks: chained, of a group, and of a request", () => {
    const [caught] = saying("caught");
    expect(errorOf(caught)).toMatchObject({ type: "RuntimeError" });
    expect(errorOf(caught)?.message).toMatch(/^the cake fell/);
    expect(errorOf(caught)?.stack).toContain("KeyError: 'flour'");
    expect(errorOf(saying("caught a group")[0])?.type).toBe("ExceptionGroup");
    const [failed] = saying("Internal Server Error: /fail/");
    expect(failed?.level).toBe("error");
    expect(errorOf(failed)?.stack).toContain("in fail");
  });

  test("requests that are logged have their fields", () => {
    if (!records.some(({ http }) => http !== undefined)) throw new Error("there is no request");
    const requests = records.flatMap(({ http, url, level, msg }) => {
      const { response } = (http ?? {}) as { response?: { status_code: number } };
      if (response === undefined || !/" \d{3}/.test(msg)) return [];
      const { path, query } = url as { path: string; query: string };
      return [`${query === "" ? path : `${path}?${query}`} ${response.status_code} ${level}`];
    });
    expect(requests).toContain("/ 200 info");
    expect(requests).toContain("/talk/ 200 info");
    expect(requests.filter((it) => it.startsWith("/fail/ 500"))).toHaveLength(1);
    expect(requests).toContainEqual(expect.stringMatching(/^\/fail\/ 500 error$/));
  });

  test("what is printed and warned of", () => {
    expect(saying("printed to stderr")).toHaveLength(1);
    const warning = records.find(({ msg }) => msg.includes("DeprecationWarning: old recipe"));
    // Python shows it once a process, and gunicorn's filters hide it.
    if (warning !== undefined) expect(warning.msg).toMatch(/^\S+:\d+: .*\n {2}warnings\.warn\(/);
    if (warning !== undefined) expect(warning.level).toBe("warn");
    if (name.startsWith("django-")) expect(warning).toBeDefined();
  });
});

describe.each(named(/^(gunicorn|uvicorn)-dj/))("%s", (name) => {
  const records = recordsOf(name);

  test("gunicorn's own lines have the level and the PID they name", () => {
    expect(records[0]).toMatchObject({
      level: "info",
      msg: "Starting gunicorn 27.0.1",
      pid: expect.any(Number),
    });
    expect(records[0]?.["pid"]).not.toBe(1);
    const boot = records.find(({ msg }) => msg.startsWith("Booting worker with pid: "));
    expect(boot?.msg).toBe(`Booting worker with pid: ${boot?.["pid"]}`);
  });

  test("a worker that hangs", () => {
    if (name.startsWith("uvicorn")) return;
    const timeout = records.find(({ msg }) => msg.startsWith("WORKER TIMEOUT"));
    expect(timeout?.level).toBe("fatal");
    const killed = records.find(({ msg }) => msg === "Error handling request GET /hang/");
    expect(errorOf(killed)).toMatchObject({ type: "SystemExit", message: "1" });
  });
});

test("gunicorn that cannot load the application", () => {
  const records = recordsOf("gunicorn-cannot-boot.txt");
  const failure = records.find(({ msg }) => msg === "Exception in worker process");
  expect(errorOf(failure)).toMatchObject({
    type: "ModuleNotFoundError",
    message: "No module named 'nowhere'",
  });
});

const TASKS: Record<string, string[]> = {
  "project.bake": ["received", "succeeded", "received", "revoked"],
  "bakery.burn": ["received", "failed"],
  "bakery.again": ["received", "retried", "received", "failed"],
  "bakery.reject": ["received", "rejected"],
  "bakery.ignore": ["received", "ignored"],
  "bakery.say": ["received", "succeeded"],
  "bakery.expected": ["received", "failed"],
  "bakery.dawdle": ["received", "failed"],
};

describe.each(named(/^celery-dj/))("%s", (name) => {
  const records = recordsOf(name);
  const tasks = records.flatMap((record) => {
    const task = record["task"] as { id: string; name: string; state?: string; runtime?: number } | undefined;
    return task === undefined ? [] : [{ ...task, record }];
  });

  test.each(Object.entries(TASKS))("the states of %s", (task, states) => {
    const own = tasks.filter((it) => it.name === task);
    expect(own.flatMap(({ state }) => state ?? [])).toEqual(states);
    for (const { id } of own) expect(id).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("what succeeded tells how long it took; what failed has its error; the others have the words of the task", () => {
    for (const { state, runtime } of tasks)
      expect(runtime).toEqual(state === "succeeded" ? expect.any(Number) : undefined);
    const burnt = tasks.find(({ name: task, state }) => task === "bakery.burn" && state === "failed");
    expect(errorOf(burnt?.record)).toMatchObject({ type: "ValueError" });
    expect(errorOf(burnt?.record)?.message).toMatch(/^burnt/);
    expect(tasks.find(({ record }) => record.msg.endsWith("cake 7 is baked"))?.name).toBe("project.bake");
    const late = tasks.find(({ record }) => record.msg.startsWith("Soft time limit"));
    expect(late).toMatchObject({ name: "bakery.dawdle", record: { level: "warn" } });
  });

  test("each of celery's lines has its process", () => {
    const processes = new Set(records.flatMap(({ process }) => process ?? []));
    expect(processes).toEqual(new Set(["MainProcess", "ForkPoolWorker-1"]));
  });
});

test("celery beat tells what it sends", () => {
  const sent = recordsOf("celery-beat.txt").filter(({ task }) => task !== undefined);
  expect(sent.length).toBeGreaterThan(0);
  for (const { task } of sent) expect(task).toEqual({ name: "project.bake", state: "sent" });
});

test("nginx's access log: a record for each line, whatever the client has sent", () => {
  const lines = bytesOf("nginx-access.txt").toString("latin1").trimEnd().split("\n");
  const { records, facts, asBytes } = streamed([bytesOf("nginx-access.txt")]);
  expect(records).toHaveLength(lines.length);
  expect(facts).toHaveLength(lines.length);
  expect(asBytes).toBeGreaterThan(0);
  expect(facts.map(({ status }) => status)).toEqual([200, 404, 502, 502, 502, 400, 400, 502, 400, 414]);
});

test("nginx's error log: levels, PIDs, and the request that an error is about", () => {
  const records = recordsOf("nginx-error.txt");
  expect(records.find(({ msg }) => msg === "reconfiguring")).toMatchObject({ level: "info" });
  const failures = records.filter(({ msg }) => msg.includes("connect() to unix:"));
  expect(failures[0]).toMatchObject({
    level: "fatal",
    pid: expect.any(Number),
    http: { request: { method: "POST", header: { host: "cakes.example" } } },
    url: { path: "/", query: "a=%22" },
    client: { address: "127.0.0.1" },
  });
  expect(failures).toHaveLength(4);
});
