import { describe, expect, test } from "vitest";
import { draftPlan } from "../../../src/plan/build-plan.ts";
import { completePlan } from "../../../src/plan/complete-plan.ts";
import { descriptorsLeft } from "../../../src/plan/inherited-descriptors.ts";
import { readCommand } from "../../../src/plan/role.ts";
import { configOf, serviceOf } from "../../support/planned.ts";

const SOURCES = {
  envFiles: [],
  secretsDirectory: undefined,
  own: [],
  named: [],
  unset: [],
  origins: {},
  taken: {},
};
const draft = (startedAsRoot = true) =>
  draftPlan(readCommand(["a:b"]), configOf({ DJINIT_ADMIN_PORT: "9999" }), {
    startedAsRoot,
    sources: SOURCES,
  });
const NGINX = {
  dump: "",
  globals: "daemon off;",
  daemonizes: false,
  variables: ["OVEN"],
  listens: [{ host: "0.0.0.0", port: 8000, onlyV6: false, holdable: true }],
};

describe("a draft", () => {
  test("has every service, and nginx listens nowhere yet", () => {
    expect(draft().services.map(({ name }) => name)).toEqual(["gunicorn", "nginx"]);
    expect(serviceOf(draft(), "nginx").sockets).toEqual({ sockets: [], variable: "NGINX" });
    expect(serviceOf(draft(), "gunicorn").environment["DJINIT_PORTS"]).toBe('{"nginx":[],"admin":9999}');
  });
});

describe("a complete plan", () => {
  test("has what nginx's files say, for nginx and for gunicorn", () => {
    const plan = completePlan(draft(), { nginx: NGINX });
    const nginx = serviceOf(plan, "nginx");
    expect(nginx.argv).toEqual([...serviceOf(draft(), "nginx").argv, "-g", "daemon off;"]);
    expect(nginx.check).toEqual([...nginx.argv, "-T"]);
    expect(nginx.inherits).toContain("OVEN");
    expect(nginx.readiness).toEqual({ kind: "tcp", addresses: [{ host: "127.0.0.1", port: 8000 }] });
    const { environment } = serviceOf(plan, "gunicorn");
    expect(environment["DJINIT_PORTS"]).toBe('{"nginx":[8000],"admin":9999}');
    expect(environment["HOME"]).toBe(serviceOf(draft(), "gunicorn").environment["HOME"]);
  });

  test("knows of gunicorn's end before the second life", () => {
    const started = { pid: 7, stdoutFd: 8, stderrFd: 9 };
    const plan = completePlan(completePlan(draft(), { started }), { endStatus: 3 });
    expect(serviceOf(plan, "gunicorn").started).toEqual({ ...started, endStatus: 3 });
    expect(serviceOf(completePlan(draft(), { endStatus: 3 }), "gunicorn").started).toBeUndefined();
  });

  test("keeps what was found out earlier", () => {
    const started = { pid: 7, stdoutFd: 8, stderrFd: 9 };
    const plan = completePlan(completePlan(draft(), { socketFd: 5 }), {
      nginx: NGINX,
      started,
      lockFd: 6,
      adminFds: { http: 10 },
    });
    const gunicorn = serviceOf(plan, "gunicorn");
    expect(gunicorn.sockets?.sockets).toEqual([{ kind: "inherited", fd: 5 }]);
    expect(gunicorn.started).toEqual(started);
    expect(plan.lockFd).toBe(6);
    expect(descriptorsLeft(plan)).toEqual([5, 8, 9, 6, 10]);
    expect(serviceOf(plan, "nginx").started).toBeUndefined();
  });

  test("without root runs every service as the container's user", () => {
    const plan = completePlan(draft(false), { nginx: NGINX });
    expect(plan.services.map(({ user, environment }) => [user, environment["HOME"]])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
    expect(plan.supervisorUser).toBeUndefined();
  });
});
