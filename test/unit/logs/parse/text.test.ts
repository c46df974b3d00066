import { expect, test } from "vitest";
import { parseTextLine } from "../../../../src/logs/parse/text.ts";
import { levelOf } from "../../../../src/logs/record.ts";

const INFO = "info";

/** Lines as the programs print them, and what becomes of them. */
const LINES: [line: string, fields: Record<string, unknown>][] = [
  // gunicorn 27
  [
    "[2026-11-24 03:26:49 +0000] [33] [INFO] Starting gunicorn 27.0.1",
    { level: INFO, pid: 33, msg: "Starting gunicorn 27.0.1" },
  ],
  [
    "[2026-11-24 03:26:49 +0100] [34] [INFO] Booting worker with pid: 34",
    { level: INFO, pid: 34, msg: "Booting worker with pid: 34" },
  ],
  [
    "[2026-11-24 03:26:52 +0000] [38] [ERROR] Exception in worker process",
    { level: "error", pid: 38, msg: "Exception in worker process" },
  ],
  [
    "[2026-11-24 03:26:52 +0000] [37] [CRITICAL] WORKER TIMEOUT (pid:9)",
    { level: "fatal", pid: 37, msg: "WORKER TIMEOUT (pid:9)" },
  ],
  [
    "[2026-11-24 03:26:52 +0000] [37] [WARNING] Invalid request from ip=: [x]",
    { level: "warn", pid: 37, msg: "Invalid request from ip=: [x]" },
  ],
  [
    '127.0.0.1 - - [24/Nov/2026:03:26:54 +0000] "GET /health/ HTTP/1.1" 200 2 "-" "Python-urllib/3.13"',
    {
      level: INFO,
      msg: '127.0.0.1 - - [24/Nov/2026:03:26:54 +0000] "GET /health/ HTTP/1.1" 200 2 "-" "Python-urllib/3.13"',
      http: { request: { method: "GET" }, response: { status_code: 200, body: { size: 2 } } },
      url: { path: "/health/", query: "" },
      client: { address: "127.0.0.1" },
      user_agent: { original: "Python-urllib/3.13" },
    },
  ],
  // celery 5.7
  [
    "[2026-11-24 03:26:34,559: INFO/MainProcess] celery@89a561c8687b ready.",
    { level: INFO, process: "MainProcess", msg: "celery@89a561c8687b ready." },
  ],
  [
    "[2026-11-24 03:26:40,352: ERROR/MainProcess] Process 'ForkPoolWorker-1' pid:11 exited with 'signal 15 (SIGTERM)'",
    {
      level: "error",
      process: "MainProcess",
      msg: "Process 'ForkPoolWorker-1' pid:11 exited with 'signal 15 (SIGTERM)'",
    },
  ],
  [
    "[2026-11-24 03:26:40,352: WARNING/ForkPoolWorker-12] printed by a task",
    { level: "warn", process: "ForkPoolWorker-12", msg: "printed by a task" },
  ],
  ["worker: Warm shutdown (MainProcess)", { level: INFO, msg: "worker: Warm shutdown (MainProcess)" }],
  [
    " -------------- celery@89a561c8687b v5.7.0 (collider)",
    { level: INFO, msg: " -------------- celery@89a561c8687b v5.7.0 (collider)" },
  ],
  [
    "Error: No such option '--nope'. Did you mean '--purge'?",
    { level: "error", msg: "Error: No such option '--nope'. Did you mean '--purge'?" },
  ],
  // nginx
  [
    '2026/11/24 03:26:57 [emerg] 59#59: invalid value "onn" in "daemon" directive, it must be "on" or "off" in command line',
    {
      level: "fatal",
      pid: 59,
      msg: 'invalid value "onn" in "daemon" directive, it must be "on" or "off" in command line',
    },
  ],
  [
    "2026/11/24 02:30:58 [error] 12#12: *1 connect() to unix:/run/gunicorn/gunicorn.sock failed (2: No such file or directory)",
    {
      level: "error",
      pid: 12,
      msg: "*1 connect() to unix:/run/gunicorn/gunicorn.sock failed (2: No such file or directory)",
    },
  ],
  [
    "2026/11/24 02:30:58 [notice] 12#13: gracefully shutting down",
    { level: INFO, pid: 12, msg: "gracefully shutting down" },
  ],
  [
    "nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)",
    { level: "fatal", msg: "bind() to 0.0.0.0:80 failed (13: Permission denied)" },
  ],
  [
    "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok",
    { level: INFO, msg: "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok" },
  ],
  // Django and Python
  ["WARNING:root:low on flour", { level: "warn", logger: "root", msg: "low on flour" }],
  ["ERROR:https://shop/ is down", { level: "error", msg: "https://shop/ is down" }],
  ["ERROR:views.py:12: no flour", { level: "error", msg: "views.py:12: no flour" }],
  ["INFO:ERROR: is a word", { level: INFO, msg: "ERROR: is a word" }],
  // huey
  [
    "[2026-11-24 02:30:58,123] INFO:huey.consumer:MainThread:Huey consumer started with 2 thread, PID 7",
    {
      level: INFO,
      logger: "huey.consumer",
      origin: "MainThread",
      msg: "Huey consumer started with 2 thread, PID 7",
    },
  ],
  // dramatiq
  [
    "[2026-11-24 02:30:58,123] [PID 7] [MainThread] [dramatiq.MainProcess] [INFO] Dramatiq '2.2.1' is booting up.",
    {
      level: INFO,
      pid: 7,
      logger: "dramatiq.MainProcess",
      origin: "MainThread",
      msg: "Dramatiq '2.2.1' is booting up.",
    },
  ],
  [
    "[2026-11-24 02:30:58,123] [PID 76] [MainThread] [dramatiq.WorkerProcess(0)] [CRITICAL] Stopped",
    { level: "fatal", pid: 76, logger: "dramatiq.WorkerProcess", origin: "MainThread", msg: "Stopped" },
  ],
  [
    "[2026-11-24 02:30:58,123] [PID what] [ERROR] x",
    { level: "error", logger: "PID", origin: "what", msg: "x" },
  ],
  // flower, by tornado; grpc and its like
  [
    "[W 261124 02:30:58 state:113] Substantial drift from celery@shop",
    { level: "warn", origin: "state:113", msg: "Substantial drift from celery@shop" },
  ],
  [
    "[E 261124 02:30:58 web:1871] Uncaught exception GET / (10.0.0.9)",
    { level: "error", origin: "web:1871", msg: "Uncaught exception GET / (10.0.0.9)" },
  ],
  [
    "E0000 00:00:1732663200.123456      12 ssl_transport.cc:123] Handshake failed",
    { level: "error", origin: "12 ssl_transport.cc:123", msg: "Handshake failed" },
  ],
  [
    "W1124 02:30:58.123456   12 fork_posix.cc:76] Other threads are in gRPC",
    { level: "warn", origin: "12 fork_posix.cc:76", msg: "Other threads are in gRPC" },
  ],
  ["[W 261124] is a word", { level: INFO, msg: "[W 261124] is a word" }],
  ["E1234 is a product", { level: INFO, msg: "E1234 is a product" }],
  ["INFO:     Application startup complete.", { level: INFO, msg: "Application startup complete." }],
  [
    "ERROR django.request Internal Server Error: /",
    { level: "error", msg: "django.request Internal Server Error: /" },
  ],
  [
    "2026-11-24 02:30:58,123 WARNING django.request Not Found: /x",
    { level: "warn", msg: "django.request Not Found: /x" },
  ],
  ["2026-11-24T02:30:58.123 [ERROR] x", { level: "error", msg: "x" }],
  ["<string>:1: DeprecationWarning: old", { level: "warn", msg: "<string>:1: DeprecationWarning: old" }],
  ["  Applying sessions.0001_initial... OK", { level: INFO, msg: "  Applying sessions.0001_initial... OK" }],
  ["WARNINGS:", { level: INFO, msg: "WARNINGS:" }],
  ["ERRORS were made", { level: INFO, msg: "ERRORS were made" }],
  ["INFORMATION", { level: INFO, msg: "INFORMATION" }],
  ["accounts ERROR Payment failed", { level: "error", logger: "accounts", msg: "Payment failed" }],
  ["shop.views INFO ERROR is a word", { level: INFO, logger: "shop.views", msg: "ERROR is a word" }],
  ["CommandError: no such cake", { level: "error", msg: "CommandError: no such cake" }],
  ["manage.py bake: error: no flour", { level: "error", msg: "manage.py bake: error: no flour" }],
  [
    "2026-11-24T03:30:58.5+01:00 ERROR shop.views - no flour",
    { time: "2026-11-24T02:30:58.500Z", level: "error", logger: "shop.views", msg: "no flour" },
  ],
  // Sentences that name a level.
  ["got ERROR from the oven", { level: INFO, msg: "got ERROR from the oven" }],
  ["Payment ERROR happened", { level: INFO, msg: "Payment ERROR happened" }],
  ["no ERROR here", { level: INFO, msg: "no ERROR here" }],
  ["the oven said ERROR 5", { level: INFO, msg: "the oven said ERROR 5" }],
  ["2026-11-24 02:30:58 the ERROR was ours", { level: INFO, msg: "2026-11-24 02:30:58 the ERROR was ours" }],
  ["[error in the oven] hot", { level: INFO, msg: "[error in the oven] hot" }],
  ["level=5 is too high", { level: INFO, msg: "level=5 is too high" }],
  ["amount=5 level=high", { level: INFO, msg: "amount=5 level=high" }],
  ["Done: ERRORS", { level: INFO, msg: "Done: ERRORS" }],
  ["10.0.0.9 - ERROR", { level: INFO, msg: "10.0.0.9 - ERROR" }],
  // A level that nobody knows, and one that every object has.
  [
    "[2026-11-24 03:26:52 +0000] [37] [LOUD] x",
    { level: INFO, msg: "[2026-11-24 03:26:52 +0000] [37] [LOUD] x" },
  ],
  [
    "[2026-11-24 03:26:52 +0000] [37] [CONSTRUCTOR] x",
    { level: INFO, msg: "[2026-11-24 03:26:52 +0000] [37] [CONSTRUCTOR] x" },
  ],
  ["", { level: INFO, msg: "" }],
  // key=value
  [
    "event='paid' level='info' ok=True bad=false why=None amount=3",
    { level: INFO, msg: "paid", event: "paid", ok: true, bad: false, why: null, amount: 3 },
  ],
  ['severity=error msg="no flour"', { level: "error", msg: "no flour", severity: "error" }],
  // Python's logging in other formats, structlog's console
  ["payment service ERROR no flour", { level: INFO, msg: "payment service ERROR no flour" }],
  [
    "payment service [ERROR] no flour",
    { level: "error", logger: "payment", origin: "service", msg: "no flour" },
  ],
  ["(ERROR) no flour", { level: "error", msg: "no flour" }],
  [
    "2026-11-24 02:30:58,123 ERROR views.py:12 - no flour",
    { level: "error", origin: "views.py:12", msg: "no flour" },
  ],
  [
    "2026-11-24 02:30:58,123 | ERROR | shop.views | 12 | no flour",
    { level: "error", logger: "shop.views", pid: 12, msg: "no flour" },
  ],
  [
    "2026-11-24T02:30:58Z [info     ] paid              [shop.views] amount=3 logger='x' level=3",
    {
      time: "2026-11-24T02:30:58.000Z",
      level: INFO,
      logger: "shop.views",
      msg: "paid",
      amount: 3,
      app: { logger: "x", level: 3 },
    },
  ],
];

test.each(LINES)("%s", (line, fields) => {
  expect(parseTextLine(line, "info")).toEqual(fields);
});

test("colours and cursor movements are removed, and do not hide the format", () => {
  const line = "\u001b[33;1m[2026-11-24 03:26:40,352: WARNING/MainProcess]\u001b[0m hot\u001b[2K";
  expect(parseTextLine(line, "info")).toEqual({ level: "warn", process: "MainProcess", msg: "hot" });
});

test("a line that names no level has the fallback", () => {
  expect(parseTextLine("text", "error")).toEqual({ level: "error", msg: "text" });
});

test.each([
  ["DEBUG", "debug"],
  ["Notice", "info"],
  ["warn", "warn"],
  ["WARNING", "warn"],
  ["crit", "fatal"],
  ["alert", "fatal"],
  ["toString", undefined],
  ["__proto__", undefined],
  ["", undefined],
  [30, undefined],
  [null, undefined],
])("the word %j means level %j", (word, level) => {
  expect(levelOf(word)).toBe(level);
});
