import { describe, expect, test } from "vitest";
import type { Fields } from "../../../../src/logs/record.ts";
import { formatLogfmt } from "../../../../src/logs/write/logfmt.ts";
import { makePolicy } from "../../../../src/logs/write/policy.ts";
import { prettyFormat } from "../../../../src/logs/write/pretty.ts";

const TIME = "2026-11-24T02:30:58.123Z";
const NOW_MS = Date.parse(TIME);

const FAILURE: Fields = {
  level: "error",
  msg: "Internal Server Error: /",
  request_id: "id-1",
  error: { type: "ValueError", message: "no", stack: "Traceback:\n  File x\nValueError: no" },
};

describe("logfmt", () => {
  const format = (fields: Fields) => formatLogfmt("gunicorn", 7, NOW_MS, fields);

  test("one line of words; a field of a field has both names", () => {
    expect(
      format({ level: "info", msg: "x y", http: { response: { status_code: 200 } }, list: [1, "a"] }),
    ).toBe(
      `time=${TIME} level=info service=gunicorn pid=7 msg="x y" http.response.status_code=200 list="[1,\\"a\\"]"\n`,
    );
  });

  test("what would break a line or a terminal is escaped; what is empty is left out", () => {
    const line = format({ level: "info", msg: "", a: 'q"=\n\u0085\u2028\u202e', b: "", c: null, d: "=" });
    expect(line).toBe(
      `time=${TIME} level=info service=gunicorn pid=7 msg="" a="q\\"=\\n\\u0085\\u2028\\u202e" d="="\n`,
    );
  });

  test("a line's own time and PID win; its fields may not come first", () => {
    const line = format({
      0: "zero",
      time: "2026-01-01T00:00:00.000Z",
      level: "warn",
      msg: "x",
      pid: 9,
    } as Fields);
    expect(line).toBe("time=2026-01-01T00:00:00.000Z level=warn service=gunicorn pid=9 msg=x 0=zero\n");
  });

  test("a traceback is one line", () => {
    expect(format(FAILURE).split("\n")).toHaveLength(2);
    expect(format(FAILURE)).toContain('error.stack="Traceback:\\n  File x\\nValueError: no"');
  });
});

describe("pretty", () => {
  const format = prettyFormat(false);

  test("time, level, service, message, and what the message does not say", () => {
    const fields: Fields = { level: "info", msg: "nginx started", target: "nginx", target_pid: 12 };
    expect(format("djinit", 1, NOW_MS, fields)).toBe(
      "02:30:58.123 INFO  djinit        nginx started target_pid=12\n",
    );
  });

  test("a traceback and a hint are lines of their own, indented", () => {
    expect(format("gunicorn", 1, NOW_MS, { ...FAILURE, hint: "try again" })).toBe(
      [
        "02:30:58.123 ERROR gunicorn      Internal Server Error: /",
        "    Traceback:",
        "      File x",
        "    ValueError: no",
        "    try again\n",
      ].join("\n"),
    );
  });

  test("nothing that is written steers the terminal, or passes for another record", () => {
    const text = format("nginx", 1, NOW_MS, {
      level: "info",
      msg: "a\u001b[2J\r\n02:30 INFO  djinit forged",
      a: "\u0007",
    });
    expect(text).toBe(
      "02:30:58.123 INFO  nginx         a\ufffd[2J\ufffd a=\ufffd\n    02:30 INFO  djinit forged\n",
    );
  });

  test("colours, where the terminal has them", () => {
    expect(prettyFormat(true)("nginx", 1, NOW_MS, { level: "error", msg: "x" })).toContain(
      "\u001b[31mERROR\u001b[0m",
    );
  });
});

describe("the policy", () => {
  test("JSON, unless somebody watches or something else is asked for", () => {
    const on = { terminal: true, colour: false };
    const plan = { levels: {}, skip: [], accessFields: "schema" } as const;
    expect(makePolicy({ ...plan, skip: [] }).format).toBe("json");
    expect(makePolicy({ ...plan, skip: [] }, on).format).toBe("pretty");
    expect(makePolicy({ ...plan, skip: [], format: "json" }, on).format).toBe("json");
    expect(makePolicy({ ...plan, skip: [], format: "logfmt" }).format).toBe("logfmt");
  });

  test.each([
    [{}, ["gunicorn:debug", "djinit:info"]],
    [{ all: "debug" }, ["gunicorn:debug", "djinit:debug"]],
    [{ all: "warn" }, ["gunicorn:warn", "djinit:warn"]],
    [{ services: { gunicorn: "error" } }, ["gunicorn:error", "djinit:info"]],
    [{ all: "fatal", services: { gunicorn: "info", djinit: "warn" } }, ["gunicorn:info", "djinit:warn"]],
  ] as const)("levels %j: from %j on", (levels, lowest) => {
    const policy = makePolicy({ levels: levels as object, skip: [], accessFields: "schema" });
    const order = ["debug", "info", "warn", "error", "fatal"] as const;
    const first = (service: string) => order.find((level) => policy.passes(service, level));
    expect(["gunicorn", "djinit"].map((service) => `${service}:${first(service)}`)).toEqual(lowest);
  });

  test("a hook has the level of its point, and one of several processes that of their name", () => {
    const levels = { services: { "before-migrate": "warn", rq: "error" } } as const;
    const policy = makePolicy({ levels, skip: [], accessFields: "schema" });
    for (const service of ["before-migrate/10-a", "before-migrate/20.1", "rq", "rq.2"]) {
      expect(policy.passes(service, "info")).toBe(false);
      expect(policy.passes(service, "error")).toBe(true);
    }
    expect(policy.passes("after-migrate/10-a", "info")).toBe(true);
    expect(policy.passes("before-migrate/20.1", "warn")).toBe(true);
  });
});
