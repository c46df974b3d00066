import { expect, test } from "vitest";
import { readinessRequest } from "../../../../src/boot/gunicorn/readiness.ts";
import type { SiteFacts } from "../../../../src/boot/schema/site.ts";
import { loadConfig } from "../../../../src/config/load.ts";

function requestFor(hosts: string[], header: SiteFacts["https"]["header"] = null, variables = {}) {
  const files = { url: null, root: null, in_files: true };
  const site: SiteFacts = {
    script_name: "",
    static: { ...files, collected: true, by_application: false },
    media: files,
    https: { only: true, header },
    hosts,
  };
  return readinessRequest(loadConfig(variables).config, site);
}

test.each([
  [[], undefined],
  [["*"], undefined],
  [["cakes.example", "*"], undefined],
  [["cakes.example", "localhost"], undefined],
  [["cakes.example", "tea.example"], "cakes.example"],
  [[".cakes.example"], "cakes.example"],
  [["[::1]", "a b", "10.0.0.7"], "10.0.0.7"],
  [["a\r\nX-Evil: 1"], undefined],
])("of %j the Host is %s", (hosts, expected) => {
  expect(requestFor(hosts).host).toBe(expected);
});

test("a variable wins", () => {
  expect(requestFor(["cakes.example"], null, { DJINIT_READINESS_HOST: "tea.example" }).host).toBe(
    "tea.example",
  );
});

test.each<[SiteFacts["https"]["header"], string | undefined]>([
  [null, undefined],
  [["X-FORWARDED-PROTO", "https"], "X-FORWARDED-PROTO: https"],
  [["X-SCHEME", "on\r\nX-Evil: 1"], undefined],
  [["X: Y", "on"], undefined],
])("the header %j", (header, expected) => {
  expect(requestFor([], header).secureHeader).toBe(expected);
});

test("without a word about the site nothing changes", () => {
  expect(readinessRequest(loadConfig({}).config, undefined)).toEqual({});
});
