// A second djinit by `docker exec`: the first goes on as if there were none.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { VERB_NAMES } from "../../src/cli/verb-names.ts";
import type { Container } from "../support/docker.ts";
import { tryDocker } from "../support/docker-cli.ts";
import { http } from "../support/http.ts";
import { createDatabase } from "../support/postgres.ts";
import { runContext } from "../support/run-context.ts";
import { ADMIN_PORT, askAdmin, statusOf } from "./admin-subject.ts";
import { runAttached } from "./attached.ts";
import { startReadyCake } from "./cake-subject.ts";

let cake: Container;
beforeAll(async () => {
  cake = await startReadyCake({
    publish: [8000, ADMIN_PORT],
    env: {
      CELERY_BEAT: "1",
      SUPERUSER_PASSWORD: "boot-secret",
      DJINIT_ENV_FILE: "/app/extra.env",
      DJINIT_NGINX_PROBES: "1",
    },
    entrypoint: "sh",
    command: ["-c", "echo FROM_FILE=yes > /app/extra.env; exec djinit cake_service.wsgi:application"],
  });
});
afterAll(() => cake?.rm());

/** What must be the same before and after: PIDs of all services, and every file of PID 1's and gunicorn's. */
async function traces(): Promise<unknown> {
  const { ready, services } = await statusOf(cake);
  const list = [
    "sh",
    "-c",
    "ls -lin --time-style=full-iso /run /run/djinit /run/gunicorn | grep -v ' wgunicorn'",
  ];
  const files = (await cake.output(list, { user: "root" }))
    .split("\n")
    .filter((line) => /sock|plan|pid|lock|conf|manifest/.test(line));
  return {
    ready,
    services: services.map(({ service, pid, restarts }) => ({ service, pid, restarts })),
    files,
  };
}

async function leavesAllAsItIs(act: () => Promise<void>): Promise<void> {
  const before = await traces();
  await act();
  expect(await traces()).toEqual(before);
  expect((await http(await cake.url("/health/"))).status).toBe(200);
  expect((await http(await cake.url("/-/readyz"))).status).toBe(200);
  expect((await askAdmin(cake, "/readyz")).status).toBe(200);
  expect((await cake.exec(["djinit", "health"])).stdout).toBe("ready");
}

describe.each(["root", "django"])("as user %s", (user) => {
  test.each([
    { words: ["true"], status: 0, says: "" },
    { words: ["sh", "-c", "exit 7"], status: 7, says: "" },
    { words: ["django-admin", "check"], status: 0, says: "System check identified no issues" },
    { words: ["celery", "--version"], status: 0, says: "5." },
    {
      words: ["sh", "-c", 'id -un; pwd; echo "$FROM_FILE.$SUPERUSER_PASSWORD"'],
      status: 0,
      says: "django\n/app\nyes.",
    },
    {
      words: ["sh", "-c", "grep -E '^(SigBlk|SigIgn|CapEff)' /proc/self/status"],
      status: 0,
      says: "0000000000000000",
    },
    { words: ["sh", "-c", "yes | head -1"], status: 0, says: "y" },
    { words: ["release"], status: 0, says: "released: every step of the boot is done" },
    { words: ["cake_service.wsgi:application"], status: 1, says: "DJINIT_ALREADY_RUNNING" },
    { words: [], status: 1, says: "DJINIT_ALREADY_RUNNING" },
    { words: ["gunicorn", "cake_service.wsgi"], status: 1, says: "cannot start a web server here" },
    { words: ["celery", "worker"], status: 1, says: "cannot start a celery worker here" },
    { words: ["celery", "beat"], status: 1, says: "or start another container" },
    { words: ["frobnicate"], status: 2, says: "usage: djinit VERB or djinit COMMAND [word...]" },
    { words: ["celery", "wroker"], status: 2, says: "did you mean `celery worker`?" },
    { words: ["supervise", "/run/djinit/plan.json"], status: 2, says: "usage: " },
    { words: ["migrations", "x"], status: 2, says: "usage: djinit migrations [--json]" },
    { words: ["migrations", "--frob"], status: 2, says: "usage: djinit migrations [--json]" },
    { words: ["manifest", "x"], status: 2, says: "usage: djinit manifest" },
    { words: ["status", "x"], status: 2, says: "usage: djinit status" },
    { words: ["version", "x"], status: 2, says: "usage: djinit version" },
    { words: ["--help"], status: 0, says: "As the image's CMD:" },
    ...Object.keys(VERB_NAMES).map(helpOf),
  ])("djinit $words", async ({ words, status, says }) => {
    await leavesAllAsItIs(async () => {
      const ran = await cake.exec(["djinit", ...words], { user, timeoutMs: 60_000 });
      expect({ status: ran.exitCode, said: ran.all }).toEqual({
        status,
        said: expect.stringContaining(says),
      });
      expect(ran.all).not.toContain("boot-secret");
    });
  });
});

function helpOf(verb: string) {
  return { words: [verb, "--help"], status: 0, says: "As the image's CMD:" };
}

test("stdin, stdout and every byte of them are the command's", async () => {
  await leavesAllAsItIs(async () => {
    const ran = await cake.exec(["djinit", "sh", "-c", "cat; id -u; grep CapEff /proc/self/status"], {
      input: "in\n",
    });
    expect(ran.stdout).toBe("in\n104\nCapEff:\t0000000000000000");
    expect(ran.stderr).toBe("");
  });
});

test("the terminal is the command's", async () => {
  const asks =
    "import os, termios; print(os.isatty(1), os.get_blocking(1), bool(termios.tcgetattr(1)[3] & termios.ECHO))";
  const ran = await tryDocker(["exec", "--tty", cake.id, "djinit", "python", "-c", asks]);
  expect(ran.stdout.trim()).toBe("True True True");
});

test("no signal is blocked or ignored", async () => {
  const told = await cake.output(["djinit", "grep", "-E", "^Sig(Blk|Ign):", "/proc/self/status"]);
  expect(told.split("\n").map((line) => line.split("\t")[1])).toEqual(Array(2).fill("0000000000000000"));
});

test("many at once", async () => {
  await leavesAllAsItIs(async () => {
    const ran = await Promise.all(Array.from({ length: 8 }, () => cake.exec(["djinit", "true"])));
    expect(ran.map(({ exitCode }) => exitCode)).toEqual(Array(8).fill(0));
  });
});

test("DJINIT_COMMAND_USER is honoured", async () => {
  await leavesAllAsItIs(async () => {
    const as = (user: string) => ["env", `DJINIT_COMMAND_USER=${user}`, "djinit", "id", "-un"];
    expect(await cake.output(as("nginx"), { user: "root" })).toBe("nginx");
    expect(await cake.output(as("root"), { user: "root" })).toBe("root");
    const none = await cake.exec(as("nobody-else"), { user: "root" });
    expect(none).toMatchObject({ exitCode: 78, stderr: expect.stringContaining("DJINIT_COMMAND_USER") });
  });
});

test("a release beside the server migrates, and ends with its own status when it cannot", async () => {
  const { url } = await createDatabase();
  const env = ["env", `DATABASE_URL=${url}`, "DJINIT_DATABASE_TIMEOUT=5"];
  await leavesAllAsItIs(async () => {
    const ran = await cake.exec([...env, "djinit", "release"], { timeoutMs: 120_000 });
    expect({ status: ran.exitCode, said: ran.all }).toMatchObject({ status: 0 });
    expect(ran.all).toContain("cakes.0001_initial");
    const refused = [...env, "DATABASE_URL=postgres://nobody:wrong@127.0.0.1:1/none", "djinit", "release"];
    expect((await cake.exec(refused, { timeoutMs: 60_000 })).exitCode).toBe(69);
  });
});

test.each([[], ["--init"]])("as a container's CMD the words of verbs are a command, %j", async (...more) => {
  const command = ["logs", "start", "stop"].map((word) =>
    runAttached({ command: [word, "now"], image: runContext().images.djinit, more: more.flat() }),
  );
  for (const { status, stderr } of await Promise.all(command)) {
    expect(status).toBe(78);
    expect(stderr).toContain("DJINIT_UNKNOWN_COMMAND");
  }
});

test("in a container that was not started as root", async () => {
  await using plain = await startReadyCake({ user: "104:107", tmpfs: ["/run:uid=104,gid=107,mode=755"] });
  const before = await statusOf(plain);
  for (const user of ["104:107", "0"]) {
    expect(await plain.output(["djinit", "id", "-u"], { user })).toBe("104");
    expect((await plain.exec(["djinit", "release"], { user })).exitCode).toBe(0);
    expect((await plain.exec(["djinit", "celery", "worker"], { user })).exitCode).toBe(1);
  }
  const nobody = await plain.exec(["djinit", "true"], { user: "nobody" });
  expect(nobody.exitCode).toBe(0);
  const after = await statusOf(plain);
  expect(after.services.map(({ pid }) => pid)).toEqual(before.services.map(({ pid }) => pid));
  expect((await http(await plain.url("/health/"))).status).toBe(200);
});

test("under an init of the engine's verbs and commands work as well", async () => {
  await using under = await startReadyCake({ more: ["--init"] });
  const before = await statusOf(under);
  expect(await under.output(["djinit", "id", "-un"])).toBe("django");
  expect((await under.exec(["djinit", "frobnicate"])).exitCode).toBe(2);
  expect((await under.exec(["djinit", "logs", "--lines", "1"])).exitCode).toBe(0);
  const after = await statusOf(under);
  expect(after.services.map(({ pid }) => pid)).toEqual(before.services.map(({ pid }) => pid));
});
