import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hasIPv6, portsToAdd } from "../../../../src/boot/nginx/listen.ts";

const OURS = readFileSync(
  join(import.meta.dirname, "../../../../docker/etc/nginx/conf.d/django.conf"),
  "utf8",
);

describe("ports that get IPv6 too", () => {
  test.each<[string, string, string[]]>([
    ["the image's", OURS, ["8000"]],
    ["the image's with another port", OURS.replace("listen 8000;", "listen 8080;"), ["8080"]],
    ["with all addresses", "server{listen *:8000; listen 0.0.0.0:8001 ;}", ["8000", "8001"]],
    ["twice", "server { listen 8000; } server { listen 8000; }", ["8000"]],
    ["IPv6 of its own", "server { listen 8000; listen [::]:8000; }", []],
    ["IPv6 of its own, both", "server { listen [::]:8000 ipv6only=off; }", []],
    ["one address", "server { listen 127.0.0.1:8000; listen localhost:8001; listen unix:/run/x.sock; }", []],
    ["with options", "server { listen 8000 default_server; }", []],
    ["a comment", "server {\n# listen 8000;\n}", []],
    ["no file", "", []],
  ])("%s", (_, text, expected) => {
    expect(portsToAdd(text)).toEqual(expected);
  });
});

test.each([
  [true, { lo: ["127.0.0.1", "::1"], eth0: ["172.17.0.2"] }],
  [false, { lo: ["127.0.0.1"], eth0: ["172.17.0.2"] }],
  [false, { lo: ["127.0.0.1"], eth0: ["fe80::1"] }],
  [false, {}],
])("%s: %o", (expected, interfaces) => {
  const addresses = Object.entries(interfaces).map(([name, all]) => [
    name,
    all.map((address) => ({ address })),
  ]);
  expect(hasIPv6(Object.fromEntries(addresses))).toBe(expected);
});
