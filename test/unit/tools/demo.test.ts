import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { formatLine } from "../../../tools/demo/format.ts";
import { parseDemoOptions } from "../../../tools/demo/options.ts";
import { planAllInOne, planFull } from "../../../tools/demo/plan.ts";
import { listenForStop } from "../../../tools/demo/stop-requests.ts";

const record = { time: "2026-11-24T02:30:58.123Z", level: "warn", service: "gunicorn", msg: "slow", pid: 7 };
const plain = { colour: false };

describe("a line of the log", () => {
  test("shows time, level, service, message and the fields that say more", () => {
    const line = JSON.stringify({
      ...record,
      request_time: 0.2,
      http_host: "x",
      remote_addr: "::1",
      restarts: 3,
    });
    expect(formatLine(line, plain)).toBe("02:30:58.123 warn  gunicorn      slow request_time=0.2 restarts=3");
  });

  test("leaves out a field that the message repeats", () => {
    const line = JSON.stringify({ ...record, msg: "nginx is ready", target: "nginx" });
    expect(formatLine(line, plain)).toMatch(/nginx is ready$/);
  });

  test("puts a traceback on lines of its own", () => {
    const line = JSON.stringify({
      ...record,
      traceback: "Traceback (most recent call last):\n  File\nValueError: no",
    });
    expect(formatLine(line, plain).split("\n").slice(1)).toEqual([
      "    Traceback (most recent call last):",
      "      File",
      "    ValueError: no",
    ]);
  });

  test.each(["Python 3 starts", "{not json}", "{", "", "[1]"])(
    "that is no record stays as it is: %j",
    (line) => {
      expect(formatLine(line, plain)).toBe(line);
    },
  );

  test("is coloured by its level only where colours are wanted", () => {
    const line = JSON.stringify(record);
    expect(formatLine(line, { colour: true })).toContain("\u001b[33mwarn \u001b[0m");
    expect(formatLine(line, plain)).not.toContain("\u001b");
  });

  test("cannot steer the terminal", () => {
    const msg = "GET /\u001b]0;title\u0007 \u009b2J";
    expect(formatLine(JSON.stringify({ ...record, msg }), plain)).toMatch(
      /GET \/\ufffd\]0;title\ufffd \ufffd2J$/,
    );
    expect(formatLine("\u001b[2J", plain)).toBe("\ufffd[2J");
  });

  test("names its container when several log", () => {
    expect(formatLine(JSON.stringify(record), { ...plain, source: "web" })).toMatch(/^web {4}02:30:58/);
  });
});

describe("the arguments", () => {
  test("default to all in one at port 8000", () => {
    expect(parseDemoOptions([])).toEqual({ full: false, help: false, port: 8000 });
  });

  test("choose the port and the full demo", () => {
    expect(parseDemoOptions(["--full", "--port", "8080"])).toEqual({ full: true, help: false, port: 8080 });
  });

  test.each(["0", "65536", "80a", "-1", "1e3", ""])("refuse the port %j", (port) => {
    expect(() => parseDemoOptions([`--port=${port}`])).toThrow(/^cannot use port/);
  });

  test("refuse what they do not know", () => {
    expect(() => parseDemoOptions(["--fulll"])).toThrow(/fulll/);
  });
});

describe("the plan", () => {
  const secrets = { secretKey: "key", adminPassword: "admin-word", databasePassword: "data-word" };

  test("all in one publishes its port and runs worker and beat", () => {
    const { containers, network } = planAllInOne(8001, secrets);
    expect(network).toBe(false);
    expect(containers).toMatchObject([{ publish: 8001, env: { CELERY_WORKER: "1", CELERY_BEAT: "1" } }]);
  });

  test("full starts the database first, and gives the admin's password to web alone", () => {
    const { containers } = planFull(8000, secrets);
    expect(containers.map(({ role }) => role)).toEqual(["postgres", "redis", "web", "worker", "beat"]);
    const informed = containers.filter(({ env }) => Object.values(env).includes("admin-word"));
    expect(informed.map(({ role }) => role)).toEqual(["web"]);
    expect(containers.filter(({ publish }) => publish !== undefined)).toHaveLength(1);
  });
});

describe("a request to stop", () => {
  const listen = () => {
    const source = new EventEmitter();
    const clock = { ms: 0 };
    return { source, clock, stop: listenForStop(source, () => clock.ms) };
  };

  test("counts once although it is delivered twice", () => {
    const { clock, source, stop } = listen();
    source.emit("SIGINT");
    clock.ms = 1_000;
    source.emit("SIGINT");
    expect(stop.first.aborted).toBe(true);
    expect(stop.again.aborted).toBe(false);
  });

  test("later than that is a wish of its own", () => {
    const { clock, source, stop } = listen();
    source.emit("SIGTERM");
    clock.ms = 1_001;
    source.emit("SIGINT");
    expect(stop.again.aborted).toBe(true);
  });

  test("is no longer listened for once closed", () => {
    const { source, stop } = listen();
    stop.close();
    expect(source.eventNames()).toEqual([]);
  });
});
