import { expect, test } from "vitest";
import { loadConfig } from "../../../../src/config/load.ts";

test.each([
  ["20m", 20 * 1_024 ** 2],
  ["2G", 2 * 1_024 ** 3],
  ["1k", 1_024],
  ["5000", 5_000],
  ["1024g", 1_024 ** 4],
])("DJINIT_MAX_BODY_SIZE %s is %d bytes", (text, bytes) => {
  expect(loadConfig({ DJINIT_MAX_BODY_SIZE: text }).config.maxBodySize).toBe(bytes);
});

test.each(["0", "-1", "20mb", "1023", "1025g", "20 m", "20m; root /", "unlimited"])(
  "it is not %j",
  (text) => {
    expect(loadConfig({ DJINIT_MAX_BODY_SIZE: text }).problems).toMatchObject([
      {
        variable: "DJINIT_MAX_BODY_SIZE",
        value: text,
        problem: `DJINIT_MAX_BODY_SIZE is ${JSON.stringify(text)}, which is not a size from 1k to 1024g, such as 50m`,
      },
    ]);
  },
);

test.each([
  ["10/s", { requests: 10, per: "s" }],
  ["300/m", { requests: 300, per: "m" }],
])("DJINIT_RATE_LIMIT %s", (text, rate) => {
  expect(loadConfig({ DJINIT_RATE_LIMIT: text }).config.rateLimit).toEqual(rate);
});

test.each(["10", "0/s", "10/h", "1.5/s", "10 /s", "100001/s", "10/s;"])(
  "DJINIT_RATE_LIMIT is not %j",
  (text) => {
    expect(loadConfig({ DJINIT_RATE_LIMIT: text }).problems.map(({ problem }) => problem)).toEqual([
      `DJINIT_RATE_LIMIT is ${JSON.stringify(text)}, which is not a number of requests from 1 to 100000 in a second or a minute, such as 10/s or 300/m`,
    ]);
  },
);

test("all that is wrong is said at once", () => {
  const given = {
    DJINIT_MAX_HEADER_SIZE: "1m",
    DJINIT_REQUEST_TIMEOUT: "0",
    DJINIT_CLIENT_TIMEOUT: "two",
  };
  expect(loadConfig(given).problems.map(({ problem }) => problem)).toEqual([
    'DJINIT_MAX_HEADER_SIZE is "1m", which is not a size from 1k to 64k, such as 16k',
    'DJINIT_REQUEST_TIMEOUT is "0", which is not a number of seconds from 1 to 86400',
    'DJINIT_CLIENT_TIMEOUT is "two", which is not a number of seconds from 1 to 3600',
  ]);
});

test("DJINIT_STATIC_HEADERS: several, in one line or in several", () => {
  const text =
    "Cross-Origin-Resource-Policy: same-site |Permissions-Policy:camera=()\n\nCache-Control: max-age=5, public";
  expect(loadConfig({ DJINIT_STATIC_HEADERS: text }).config.staticHeaders).toEqual([
    { name: "Cross-Origin-Resource-Policy", value: "same-site" },
    { name: "Permissions-Policy", value: "camera=()" },
    { name: "Cache-Control", value: "max-age=5, public" },
  ]);
});

test.each([
  ["same-site", "same-site", "is no header such as"],
  ["A: b | X-A: $host", "X-A: $host", "is no header such as"],
  ['A: "b"', 'A: "b"', "is no header such as"],
  ["A: b\\", "A: b\\", "is no header such as"],
  ["A b: c", "A b: c", "is no header such as"],
  ["A: é", "A: é", "is no header such as"],
  ["content-length: 5", "content-length: 5", "is nginx's own: leave it out"],
  ["A: b | a: c", "a: c", "is there twice: name it once"],
])("DJINIT_STATIC_HEADERS is not %j", (text, bad, why) => {
  const [problem, ...others] = loadConfig({ DJINIT_STATIC_HEADERS: text }).problems;
  expect(others).toEqual([]);
  expect(problem?.problem).toContain(
    `DJINIT_STATIC_HEADERS is ${JSON.stringify(text)}, where ${JSON.stringify(bad)} ${why}`,
  );
});
