// Everything bad at once, in a real container: one record names all of it. test/contract/bad-configurations has the messages.
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { BAD_VALUES } from "../contract/bad-configurations/values.ts";
import { type Failure, failsWith } from "./failure.ts";
import { type ProjectOptions, startProject } from "./project-subject.ts";

const BAD_CONFIGURATION: Failure = { status: 78, code: "DJINIT_BAD_CONFIGURATION" };
const SECRET = "hunter2";

interface Problem {
  variable: string;
  value?: string;
  problem: string;
}

async function problemsOf(options: ProjectOptions, failure = BAD_CONFIGURATION): Promise<Problem[]> {
  await using container = await startProject(options);
  const error = await failsWith(container, failure);
  expect(await container.logs()).not.toContain(SECRET);
  return error["problems"] as Problem[];
}

const named = (problems: readonly Problem[]): string[] => problems.map(({ variable }) => variable).sort();

test.concurrent("a bad value in every variable that can have one", async () => {
  const bad = new Map(BAD_VALUES.map(([variable, value, reason]) => [variable, { value, reason }]));
  const env = Object.fromEntries([...bad].map(([variable, { value }]) => [variable, value]));
  // The project itself would not be found.
  const { DJINIT_APP_DIRECTORY: _, ...others } = env;
  const problems = await problemsOf({ env: others });
  expect(named(problems)).toEqual(Object.keys(others).sort());
  for (const { variable, value, problem } of problems) {
    expect(value).toBe(bad.get(variable)?.value);
    expect(problem).toBe(`${variable} is ${JSON.stringify(value)}, ${bad.get(variable)?.reason}`);
  }
});

test.concurrent("variables, files of variables, secrets and hooks together", async () => {
  const problems = await problemsOf({
    env: {
      WEB_CONCURRENCY: "many",
      DATABASE_URL: `postgres://cakes:${SECRET}/3@db/cakes`,
      DJINIT_ENV_FILE: "/etc/shop/common.env:/etc/shop/none.env",
      SUPERUSER_PASSWORD_FILE: "/etc/shop/password",
      DJINIT_SECRETS_DIR: "/etc/shop/secrets",
      GUNICORN_CMD_ARGS: "--daemon",
      CELERY_APP: "",
      CELERY_WORKER: "1",
      CELERY_BEAT: "1",
    },
    files: {
      "/etc/shop/common.env": "DJINIT_GRACE_PERIOD=soon\n",
      "/etc/shop/password": `${SECRET}\0`,
      "/etc/shop/secrets/api-token": "",
      "/etc/djinit/hooks/before-migrate/10-data": "no program\n",
      "/etc/djinit/hooks/pre-start/x": "",
    },
  });
  expect(named(problems)).toEqual(
    [
      "WEB_CONCURRENCY",
      "DJINIT_GRACE_PERIOD",
      "DATABASE_URL",
      "DJINIT_ENV_FILE",
      "SUPERUSER_PASSWORD_FILE",
      "DJINIT_SECRETS_DIR",
      "GUNICORN_CMD_ARGS",
      "CELERY_APP",
      "/etc/djinit/hooks/before-migrate/10-data",
      "/etc/djinit/hooks/pre-start",
    ].sort(),
  );
});

test.concurrent("files of variables that nobody would ever finish reading", async () => {
  const directory = await mkdtemp(join(tmpdir(), "djinit-fifo-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  await promisify(execFile)("mkfifo", [`${directory}/fifo`]);
  const problems = await problemsOf({
    env: {
      DJINIT_ENV_FILE: "/run/fifo:/dev/zero",
      SUPERUSER_PASSWORD_FILE: "/dev/urandom",
      MIGRATIONS_DATABASE_URL_FILE: "/run/fifo",
    },
    volumes: [`${directory}/fifo:/run/fifo`],
  });
  expect(named(problems)).toEqual([
    "DJINIT_ENV_FILE",
    "DJINIT_ENV_FILE",
    "MIGRATIONS_DATABASE_URL_FILE",
    "SUPERUSER_PASSWORD_FILE",
  ]);
});

test.concurrent("a user that the image does not have", async () => {
  const problems = await problemsOf(
    { command: ["true"], env: { DJINIT_COMMAND_USER: "nobody-there" } },
    { ...BAD_CONFIGURATION, on: "stderr" },
  );
  expect(problems).toMatchObject([{ variable: "DJINIT_COMMAND_USER", value: "nobody-there" }]);
});

test.concurrent("an admin port that is nginx's", async () => {
  const problems = await problemsOf({ env: { DJINIT_ADMIN_PORT: "8000", SKIP_MIGRATIONS: "1" } });
  const problem = "DJINIT_ADMIN_PORT is 8000, where nginx is to listen: give it another port, or 0 for none";
  expect(problems).toEqual([expect.objectContaining({ variable: "DJINIT_ADMIN_PORT", problem })]);
});

test.concurrent("two faults in nginx's files: nginx stops at the first, and its place is named", async () => {
  const locations = "/etc/nginx/conf.d/django.conf.d/locations";
  await using container = await startProject({
    files: { [`${locations}/a.conf`]: "location /a {\n", [`${locations}/b.conf`]: "nonsense;\n" },
  });
  const error = await failsWith(container, { status: 78, code: "DJINIT_NGINX_CONFIGURATION" });
  expect(error.msg).toContain(`${locations}/a.conf`);
});
