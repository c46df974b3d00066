import { describe, expect, test } from "vitest";
import { parseJsonLine } from "../../../../src/logs/parse/json.ts";

const parse = (value: unknown) => parseJsonLine(JSON.stringify(value), "info");

describe("a line that is a JSON object", () => {
  test("keeps all its fields", () => {
    const given = {
      msg: "baked",
      level: "warn",
      cake: "opera",
      nested: { a: [1, null] },
      pid: 9,
      error: "x",
    };
    expect(parse(given)).toEqual(given);
  });

  test.each([
    [{ message: "m" }, { level: "info", msg: "m", message: "m" }],
    [{ event: "structlog" }, { level: "info", msg: "structlog", event: "structlog" }],
    [
      { msg: "a", message: "b", event: "c" },
      { level: "info", msg: "a", message: "b", event: "c" },
    ],
    [
      { levelname: "WARNING", msg: "x" },
      { level: "warn", levelname: "WARNING", msg: "x" },
    ],
    [
      { severity: "CRITICAL", msg: "x" },
      { level: "fatal", severity: "CRITICAL", msg: "x" },
    ],
    [{}, { level: "info", msg: "" }],
  ])("%j: the schema's fields are read from it", (given, fields) => {
    expect(parse(given)).toEqual(fields);
  });

  test.each([
    ["2026-11-24T02:30:58.123Z", "2026-11-24T02:30:58.123Z"],
    ["2026-11-24T02:30:58Z", "2026-11-24T02:30:58.000Z"],
    ["2026-11-24T02:30:58.123456+00:00", "2026-11-24T02:30:58.123Z"],
    ["2026-11-24 03:30:58+01:00", "2026-11-24T02:30:58.000Z"],
    ["2026-11-24T03:30:58.5+0100", "2026-11-24T02:30:58.500Z"],
    [1_795_487_458, "2026-11-24T02:30:58.000Z"],
    [1_795_487_458.25, "2026-11-24T02:30:58.250Z"],
    [1_795_487_458_250, "2026-11-24T02:30:58.250Z"],
  ])("time %j is %s", (time, iso) => {
    for (const key of ["time", "timestamp", "@timestamp"]) expect(parse({ [key]: time })?.time).toBe(iso);
  });

  test.each([
    ["2026-11-24T02:30:58"],
    ["yesterday"],
    ["9999-12-31T23:59:00-23:00"],
    ["2026-13-45T99:99Z"],
    [5],
    [-1e20],
    [null],
  ])("a time that is none, or has no zone, moves away: %j", (time) => {
    expect(parse({ time, msg: "x" })).toEqual({ level: "info", msg: "x", app: { time } });
  });

  test.each([
    ["level", 30],
    ["level", "verbose"],
    ["level", null],
    // Names that every object has.
    ["level", "constructor"],
    ["level", "__proto__"],
    ["msg", 5],
    ["msg", { a: 1 }],
  ])("%s %j does not fit and moves into app", (key, value) => {
    const fields = parse({ [key]: value });
    expect(fields).toEqual({ level: "info", msg: "", app: { [key]: value } });
  });

  test("a service is always the relay's to say", () => {
    expect(parse({ service: "djinit", msg: "x" })).toEqual({
      level: "info",
      msg: "x",
      app: { service: "djinit" },
    });
  });

  test("a field called __proto__ is a field, and gives the record nothing", () => {
    const line = '{"msg":"x","__proto__":{"time":[1],"service":"nginx","level":"fatal"}}';
    const fields = parseJsonLine(line, "info");
    expect(fields?.time).toBeUndefined();
    expect(JSON.parse(JSON.stringify(fields))).toEqual(JSON.parse(`{"level":"info",${line.slice(1)}`));
  });
});

describe("nginx's access log", () => {
  const request = {
    time: "2026-11-24T02:30:58.123Z",
    remote_addr: "10.0.0.9",
    remote_user: "",
    request: "GET /cakes/ HTTP/1.1",
    status: 200,
    body_bytes_sent: "12",
    request_time: "0.004",
    http_host: "cakes.example",
    http_referer: "",
    http_user_agent: 'x "y" \\',
    http_via: "",
    http_x_forwarded_proto: "https",
    http_x_forwarded_for: "10.0.0.1",
  };

  test.each([
    [200, "info"],
    [302, "info"],
    [404, "info"],
    [499, "info"],
    [500, "error"],
    [502, "error"],
    ["503", "error"],
  ])("status %j is %s, and the message is the request with it", (status, level) => {
    expect(parse({ ...request, status })).toEqual({
      ...request,
      status,
      level,
      msg: `GET /cakes/ HTTP/1.1 ${status}`,
    });
  });

  test("a request without a line, as of a port scan", () => {
    expect(parse({ ...request, request: "", status: 400 })).toMatchObject({ msg: "400" });
  });

  test.each([[{ toString: 1, valueOf: 1 }], [[[]]], [{}], [null], [true], [99]])(
    "a status that is none, %j, does no harm",
    (status) => {
      const fields = parse({ request: "GET /", status });
      expect(fields).toMatchObject({ level: "info", status });
      expect(fields?.msg).toContain("GET /");
    },
  );
});

test.each([
  ["text"],
  ["[1,2]"],
  ["5"],
  ["null"],
  ['"x"'],
  ["{"],
  ["{}}"],
  ["{'a':1}"],
  ["{a}"],
  ["{} tail"],
  [""],
])("%j is no such line", (line) => {
  expect(parseJsonLine(line, "info")).toBeUndefined();
});
