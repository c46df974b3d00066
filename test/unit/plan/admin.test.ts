import { describe, expect, test } from "vitest";
import { findPortProblem } from "../../../src/plan/admin.ts";
import { planOf } from "../../support/planned.ts";

const adminOf = (variables: Record<string, string>, cmd = "a:b") => planOf(cmd, variables).admin;

describe("what the plan has for the admin port", () => {
  test("nginx has the probes where that is asked for, beside web only", () => {
    const asked = { DJINIT_NGINX_PROBES: "1", CELERY_APP: "app" };
    expect(adminOf(asked).nginxProbes).toBe(true);
    expect(adminOf({}).nginxProbes).toBe(false);
    expect(adminOf(asked, "celery worker").nginxProbes).toBe(false);
  });

  test("metrics are read where the documented variable says, else the one of today, else in the usual place", () => {
    const documented = { prometheus_multiproc_dir: "/one" };
    const today = { PROMETHEUS_MULTIPROC_DIR: "/two" };
    expect(adminOf({ ...documented, ...today }).prometheusDirectory).toBe("/one");
    expect(adminOf(today).prometheusDirectory).toBe("/two");
    expect(adminOf({}).prometheusDirectory).toBe("/run/gunicorn/prometheus");
  });

  test("any of nginx's ports is refused, whatever its others are", () => {
    const listens = [80, 9180, 9443].map((port) => ({
      host: "0.0.0.0",
      port,
      onlyV6: false,
      holdable: true,
    }));
    expect(findPortProblem(adminOf({}), { listens })).toMatchObject([{ value: "9180" }]);
    expect(findPortProblem(adminOf({ DJINIT_ADMIN_PORT: "9181" }), { listens })).toEqual([]);
  });

  test("hosts that are written as a list in quotes are the same without them", () => {
    const hosts = (text: string) => adminOf({ ALLOWED_HOSTS: text }).metricsHosts;
    expect(hosts("['A.example','b.example']")).toEqual(["a.example", "b.example"]);
    expect(hosts('"a.example"; "b.example"')).toEqual(["a.example", "b.example"]);
    expect(hosts(" a.example , ,b.example ")).toEqual(["a.example", "b.example"]);
  });
});
