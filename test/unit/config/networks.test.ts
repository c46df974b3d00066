import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";

const load = (text: string) => loadConfig({ DJINIT_TRUSTED_PROXIES: text });

describe("DJINIT_TRUSTED_PROXIES", () => {
  test.each([
    ["10.0.0.0/8", ["10.0.0.0/8"]],
    ["10.0.0.0/8,192.0.2.1", ["10.0.0.0/8", "192.0.2.1"]],
    [" 10.0.0.0/8 ,\n192.0.2.1, ", ["10.0.0.0/8", "192.0.2.1"]],
    ["fd00::/8 2001:DB8::1 ::/0", ["fd00::/8", "2001:db8::1", "::/0"]],
    ["::ffff:10.0.0.0/104", ["::ffff:10.0.0.0/104"]],
    ["0.0.0.0/0 0.0.0.0/0", ["0.0.0.0/0"]],
    ["192.0.2.1/32 2001:db8::1/128", ["192.0.2.1/32", "2001:db8::1/128"]],
  ])("%j", (text, proxies) => {
    const { config, problems } = load(text);
    expect(problems).toEqual([]);
    expect(config.trustedProxies).toEqual(proxies);
  });

  test.each([
    ["10.0.0.0/33", "10.0.0.0/33"],
    ["10.0.0.0/8, 10.0.0.1/", "10.0.0.1/"],
    ["10.0.0.0/8;192.0.2.1", "10.0.0.0/8;192.0.2.1"],
    ["192.0.2.1 10.0.0", "10.0.0"],
    ["256.0.0.1", "256.0.0.1"],
    ["fd00::/129", "fd00::/129"],
    ["[::1]", "[::1]"],
    ["fe80::1%eth0", "fe80::1%eth0"],
    ["192.0.2.1:80", "192.0.2.1:80"],
    ["10.0.0.0/8 load-balancer", "load-balancer"],
    ["10.0.0.0/8 1;}", "1;}"],
    ["unix:", "unix:"],
    ["*", "*"],
    ["/8", "/8"],
  ])("%j names the bad part: %j", (text, bad) => {
    const { config, problems } = load(text);
    expect(config.trustedProxies).toBeUndefined();
    expect(problems).toHaveLength(1);
    expect(problems[0]?.problem).toBe(
      `DJINIT_TRUSTED_PROXIES is ${JSON.stringify(text)}, where ${JSON.stringify(bad)} is neither an address nor a network such as 10.0.0.0/8 or fd00::/8`,
    );
  });

  test.each([",", " ", " , "])("%j names no address", (text) => {
    expect(load(text).problems[0]?.problem).toMatch(/, which names no address$/);
  });
});
