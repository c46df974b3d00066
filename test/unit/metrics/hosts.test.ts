import { describe, expect, test } from "vitest";
import { HostLabels } from "../../../src/metrics/host-labels.ts";
import { findPortProblem } from "../../../src/plan/admin.ts";
import { planOf } from "../../support/planned.ts";

describe("a host gets a label of its own", () => {
  test.each([
    ["cakes.example", ["cakes.example"], "cakes.example"],
    ["Cakes.Example:8000", ["cakes.example"], "cakes.example"],
    ["cakes.example.", ["cakes.example"], "cakes.example"],
    ["a.b.cakes.example", [".cakes.example"], "a.b.cakes.example"],
    ["cakes.example", [".cakes.example"], "cakes.example"],
    ["[::1]:8000", ["[::1]"], "[::1]"],
    ["anything.example", ["*"], "anything.example"],
    ["anything.example", undefined, "anything.example"],
    ["10.0.0.1", undefined, "10.0.0.1"],
  ])("%s, of %j: %s", (header, allowed, label) => {
    expect(new HostLabels(allowed).labelOf(header, true)).toBe(label);
  });
});

describe("a host is `other`", () => {
  test.each([
    ["other.example", ["cakes.example"]],
    ["evilcakes.example", [".cakes.example"]],
    ["cakes.example.evil", [".cakes.example"]],
    ["", undefined],
    ['a"b\\c', undefined],
    ["a b", undefined],
    ["é.example", undefined],
    [`${"a".repeat(254)}`, undefined],
    ["anything.example", []],
  ])("%j, of %j", (header, allowed) => {
    expect(new HostLabels(allowed).labelOf(header, true)).toBe("other");
  });

  test.each([undefined, ["*"], [".made.example"]])("of %j: until it is served", (allowed) => {
    const labels = new HostLabels(allowed);
    expect([false, true, false].map((isServed) => labels.labelOf("up.made.example", isServed))).toEqual([
      "other",
      "up.made.example",
      "up.made.example",
    ]);
  });

  test("from the 51st on, where all are allowed; the first 50 keep theirs", () => {
    const labels = new HostLabels(undefined);
    const given = Array.from({ length: 10_000 }, (_, at) => labels.labelOf(`h${at}.example`, true));
    expect(new Set(given).size).toBe(51);
    expect(given[49]).toBe("h49.example");
    expect(given[50]).toBe("other");
    expect(labels.labelOf("h0.example", false)).toBe("h0.example");
  });

  test("the same where a whole domain is allowed; named hosts are not pushed out", () => {
    const labels = new HostLabels([".cakes.example", "shop.example"]);
    const given = Array.from({ length: 10_000 }, (_, at) => labels.labelOf(`h${at}.cakes.example`, true));
    expect(new Set(given).size).toBe(51);
    expect(labels.labelOf("shop.example", false)).toBe("shop.example");
  });
});

describe("the hosts of the plan", () => {
  const hosts = (variables: Record<string, string>) =>
    planOf("app.wsgi:application", variables).admin.metricsHosts;

  test.each([
    ["a.example,.b.example", ["a.example", ".b.example"]],
    ["A.example b.example", ["a.example", "b.example"]],
    ['["a.example", "[::1]"]', ["a.example", "[::1]"]],
    ["[::1]", ["[::1]"]],
    ["a.example,[::1]", ["a.example", "[::1]"]],
  ])("%s", (text, expected) => {
    expect(hosts({ ALLOWED_HOSTS: text })).toEqual(expected);
  });

  test("DJINIT_METRICS_HOSTS comes before ALLOWED_HOSTS, and that before DJANGO_ALLOWED_HOSTS", () => {
    const all = { DJINIT_METRICS_HOSTS: "a", ALLOWED_HOSTS: "b", DJANGO_ALLOWED_HOSTS: "c" };
    expect(hosts(all)).toEqual(["a"]);
    expect(hosts({ ...all, DJINIT_METRICS_HOSTS: "" })).toEqual(["b"]);
    expect(hosts({ DJANGO_ALLOWED_HOSTS: "c" })).toEqual(["c"]);
    expect(hosts({})).toBeUndefined();
  });

  test("the admin port is refused where nginx is to listen", () => {
    const nginx = { listens: [{ host: "0.0.0.0", port: 8000, onlyV6: false, holdable: true }] };
    const at = (port: string) => planOf("app.wsgi:application", { DJINIT_ADMIN_PORT: port }).admin;
    expect(findPortProblem(at("8000"), nginx)).toMatchObject([
      { variable: "DJINIT_ADMIN_PORT", problem: expect.stringContaining("where nginx is to listen") },
    ]);
    expect(findPortProblem(at("8000"), undefined)).toEqual([]);
    expect(findPortProblem(at("9180"), nginx)).toEqual([]);
    expect(findPortProblem(at("0"), nginx)).toEqual([]);
  });

  test("a command of the user's own has no port", () => {
    expect(planOf("sleep 1").admin.port).toBe(0);
    expect(planOf("app.wsgi:application").admin.port).toBe(9180);
    expect(planOf("celery worker", { CELERY_APP: "app", DJINIT_NGINX_PROBES: "1" }).admin).toMatchObject({
      port: 9180,
      nginxProbes: false,
    });
  });
});
