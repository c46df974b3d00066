import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { environOf, processTable } from "../support/proc.ts";
import { runContext } from "../support/run-context.ts";
import { runAttached } from "./attached.ts";
import { mainPid, startCake, startReadyCake } from "./cake-subject.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};
/** What the health check may cost, in seconds of CPU time. */
const HEALTH_CPU_S = 0.1;
const NODE_OPTIONS = "--max-old-space-size=64 --no-such-option";

let cake: Container;
beforeAll(async () => {
  cake = await startReadyCake({
    env: { NODE_OPTIONS, DJINIT_MAX_RESTARTS: "1000" },
    more: ["--health-interval", "1s"],
  });
});
afterAll(() => cake?.rm());

const healthIs = (container: Container, status: string) =>
  eventually(async () => (await container.inspect()).State.Health?.Status === status, {
    what: `the container is ${status}`,
    timeoutMs: 60_000,
    intervalMs: 200,
  });

test("`version`, `help` and `config` answer without a running djinit; `status` and `health` fail with 1", async () => {
  const words = ["version", "help", "config", "status", "health"];
  const ended = await Promise.all(words.map((word) => runAttached({ command: [word] })));
  expect(ended.map(({ status }) => status)).toEqual([0, 0, 0, 1, 1]);
  expect(ended[0]?.stdout.toString()).toBe(`${version}\n`);
  expect(ended[1]?.stdout.toString()).toContain("celery worker");
  expect(ended[3]?.stderr).toMatch(
    /^djinit: cannot ask djinit: nobody listens at .+ \[DJINIT_NOT_RUNNING\]\n/,
  );
});

test("`djinit config` masks secrets, and tells bad values with status 78", async () => {
  const env = {
    DATABASE_URL: "postgres://u:pw-secret@h/n",
    GUNICORN_CMD_ARGS: "--env TOKEN=pw-secret",
    DJANGO_SUPERUSER_PHONE: "pw-secret",
    DJINIT_GRACE_PERIOD: "soon",
  };
  const { status, stdout, stderr } = await runAttached({ command: ["config"], env });
  expect(status).toBe(78);
  for (const name of ["DATABASE_URL", "GUNICORN_CMD_ARGS", "DJANGO_SUPERUSER_\\*"])
    expect(stdout.toString()).toMatch(new RegExp(`^${name} +\\*+ +container`, "m"));
  expect(stdout.toString() + stderr).not.toContain("pw-secret");
  expect(stderr).toContain("DJINIT_GRACE_PERIOD");
});

test("`djinit config` tells where each value comes from", async () => {
  await using other = await startCake({
    sized: true,
    publish: [],
    env: { DJINIT_ENV_FILE: "/tmp/env", SUPERUSER_PASSWORD_FILE: "/tmp/pw", CELERY_APP: "cake_service" },
    entrypoint: "sh",
    command: ["-c", "echo WEB_CONCURRENCY=3 > /tmp/env; echo secret-word > /tmp/pw; sleep 60"],
  });
  const config = await eventually(
    async () =>
      JSON.parse(await other.output(["djinit", "config", "--json"])) as {
        name: string;
        value: string | null;
        from: string;
      }[],
  );
  const row = (name: string) => {
    const { value, from } = config.find((it) => it.name === name) ?? {};
    return [value, from];
  };
  expect(row("WEB_CONCURRENCY")).toEqual(["3", "env-file:/tmp/env"]);
  expect(row("SUPERUSER_PASSWORD")).toEqual(["********", "file:/tmp/pw"]);
  expect(row("CELERY_APP")).toEqual(["cake_service", "container"]);
  expect(row("DJINIT_MAX_RESTARTS")).toEqual(["5", "default"]);
  expect(row("DATABASE_URL")).toEqual([null, "default"]);
  expect(JSON.stringify(config)).not.toContain("secret-word");
});

test("`djinit status` shows each service, `djinit health` says ready with 0", async () => {
  const [head, ...rows] = (await cake.output(["djinit", "status"])).split("\n");
  expect(head?.split(/ +/)).toEqual([
    "SERVICE",
    "STATE",
    "READY",
    "PID",
    "UPTIME",
    "RESTARTS",
    "CPU",
    "MEMORY",
    "LAST_EXIT",
  ]);
  // Below the services: what the kernel confines, or why it does not.
  expect(rows.pop()).toMatch(/^(not )?confined: nginx/);
  expect(rows.map((row) => row.split(/ +/).slice(0, 3))).toEqual([
    ["gunicorn", "running", "true"],
    ["nginx", "running", "true"],
  ]);
  expect(await cake.exec(["djinit", "health"])).toMatchObject({ exitCode: 0, stdout: "ready" });
});

test("only root and djinit may ask: the application's user may not", async () => {
  expect((await cake.exec(["djinit", "health"], { user: "djinit" })).exitCode).toBe(0);
  for (const user of ["django", "nginx", "nobody"]) {
    expect((await cake.exec(["djinit", "health"], { user })).exitCode).toBe(1);
  }
  expect(await cake.output(["stat", "-c", "%a %U:%G", "/run/djinit/control.sock"])).toBe("600 djinit:djinit");
});

test("the health check turns healthy, and unhealthy when a service is not ready", async () => {
  await healthIs(cake, "healthy");
  const pid = await mainPid(cake, "gunicorn");
  // So that it does not come back.
  await cake.output(["sh", "-c", 'mv "$(command -v gunicorn)" /tmp/away; kill -9 "$1"', "sh", String(pid)]);
  await healthIs(cake, "unhealthy");
  expect((await cake.exec(["djinit", "health"])).stdout).toMatch(/^not ready: gunicorn is \w+(: .+)?$/);
});

test("a health check costs less than 100 ms of CPU time", async () => {
  await using idle = await startCake({
    command: ["sleep", "infinity"],
    publish: [],
    more: ["--no-healthcheck"],
  });
  await eventually(async () => (await idle.exec(["djinit", "health"])).ok, { what: "djinit answers" });
  const script = 'TIMEFORMAT="%U %S"; for i in {1..9}; do time djinit health > /dev/null; done';
  const { stderr } = await idle.exec(["bash", "-c", script]);
  const seconds = stderr
    .split("\n")
    .map((line) => line.split(" ").reduce((sum, part) => sum + Number(part), 0));
  expect(seconds).toHaveLength(9);
  const median = seconds.toSorted((a, b) => a - b)[4];
  expect(median).toBeGreaterThan(0.001);
  expect(median).toBeLessThan(HEALTH_CPU_S);
});

test("NODE_OPTIONS is the application's: PID 1 does not see it, services do", async () => {
  await using young = await startReadyCake({ env: { NODE_OPTIONS } });
  // nginx writes over its environment in /proc.
  const table = (await processTable(young)).filter(({ user }) => user !== "nginx");
  expect(table.length).toBeGreaterThan(2);
  for (const process of table) {
    const environment = await environOf(young, process);
    const seen = { argv: process.argv, given: environment["NODE_OPTIONS"] };
    if (process.pid === 1) expect(seen).toMatchObject({ given: undefined });
    else expect(seen).toMatchObject({ given: NODE_OPTIONS });
  }
});

test("an image is built from it as the documentation says, and its own tests pass", async () => {
  const { images } = runContext();
  const user = await docker("inspect", ["image", "inspect", "--format", "{{.Config.User}}", images.example]);
  expect(user).toBe("");
  const { status, stderr } = await runAttached({
    image: images.example,
    env: { SECRET_KEY: "for-a-test" },
    command: ["python", "manage.py", "test"],
  });
  expect(stderr).toMatch(/^OK( \(.*\))?$/m);
  expect(status).toBe(0);
});
