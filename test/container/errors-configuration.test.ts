// What variables, secrets, nginx files and the container's network get wrong.
import { expect, test } from "vitest";
import { runContainer } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { runContext } from "../support/run-context.ts";
import { type Failure, failsWith } from "./failure.ts";
import { type ProjectOptions, startProject } from "./project-subject.ts";
import { makeVolume } from "./volume.ts";

const BAD_CONFIGURATION: Failure = { status: 78, code: "DJINIT_BAD_CONFIGURATION" };

async function failureOf(options: ProjectOptions, failure = BAD_CONFIGURATION) {
  await using container = await startProject(options);
  return await failsWith(container, failure);
}

test("every value that is no number is reported, in one record", async () => {
  const error = await failureOf({
    env: {
      WEB_CONCURRENCY: "two",
      CELERY_CONCURRENCY: "-1",
      DJINIT_GRACE_PERIOD: "soon",
      DJINIT_DATABASE_TIMEOUT: "1e9",
      DJINIT_MAX_RESTARTS: "5.5",
    },
  });
  const problems = error["problems"] as { variable: string; value: string }[];
  const given = problems.map(({ variable, value }) => [variable, value]);
  expect(Object.fromEntries(given)).toEqual({
    WEB_CONCURRENCY: "two",
    CELERY_CONCURRENCY: "-1",
    DJINIT_GRACE_PERIOD: "soon",
    DJINIT_DATABASE_TIMEOUT: "1e9",
    DJINIT_MAX_RESTARTS: "5.5",
  });
  expect(error.msg).toContain('WEB_CONCURRENCY is "two", which is not a whole number from 1 to 1024');
  expect(error.msg).toContain('DJINIT_GRACE_PERIOD is "soon", which is not a number of seconds');
});

test("a file of nginx's that never ends, as a pipe: it is not waited for longer than a service, nor by a stop", async () => {
  const volume = await makeVolume("mkfifo never.conf; chmod 0755 .");
  const volumes = [`${volume}:/etc/nginx/conf.d/django.conf.d/locations/own:ro`];
  const files = {
    "/etc/nginx/conf.d/own.conf": "include /etc/nginx/conf.d/django.conf.d/locations/own/*.conf;\n",
  };
  const env = { SKIP_MIGRATIONS: "1" };
  const nginx = { status: 78, code: "DJINIT_NGINX_CONFIGURATION" };
  const error = await failureOf({ volumes, files, env: { ...env, DJINIT_STARTUP_TIMEOUT: "3" } }, nginx);
  expect(error.msg).toContain("`nginx -T` has not ended within 3 s (DJINIT_STARTUP_TIMEOUT)");
  await using stopped = await startProject({ volumes, files, env });
  await eventually(async () => expect(await stopped.output(["pgrep", "nginx"])).not.toBe(""), {
    what: "nginx looks at its files",
    timeoutMs: 20_000,
  });
  expect(await stopped.stop()).toBe(0);
});

test("a project's directory that is open to group root alone is closed to user django", async () => {
  const volume = await makeVolume("touch manage.py; chmod 0750 .");
  const error = await failureOf({ volumes: [`${volume}:/project`], more: ["--workdir", "/project"] });
  expect(error.msg).toContain(
    'directory "/project" (WORKDIR, or DJINIT_APP_DIRECTORY) is closed to user django',
  );
});

test("a DATABASE_URL that is none is refused without being repeated", async () => {
  const urls = [
    "hunter2hunter2",
    "postgres://user:hunter2@db:port/cakes",
    "postgres://user:hunter2/3@db/cakes",
  ];
  const errors = await Promise.all(urls.map((DATABASE_URL) => failureOf({ env: { DATABASE_URL } })));
  for (const error of errors) {
    expect(error.msg).toContain("DATABASE_URL");
    expect(JSON.stringify(error)).not.toContain("hunter2");
  }
});

test("DJANGO_SETTINGS_MODULE that is not set", async () => {
  const error = await failureOf({ env: { DJANGO_SETTINGS_MODULE: "" } });
  expect(error.msg).toContain("DJANGO_SETTINGS_MODULE is not set, but migrate needs it");
});

test("a secret's file that cannot be read, or is given beside the secret itself", async () => {
  const [missing, both] = await Promise.all([
    failureOf({ env: { SUPERUSER_PASSWORD_FILE: "/run/secrets/none" } }),
    failureOf({
      env: { SUPERUSER_PASSWORD_FILE: "/run/secrets/password", SUPERUSER_PASSWORD: "hunter2" },
    }),
  ]);
  expect(missing.msg).toContain('SUPERUSER_PASSWORD_FILE is "/run/secrets/none", which cannot be read');
  expect(both.msg).toContain("SUPERUSER_PASSWORD and SUPERUSER_PASSWORD_FILE are both set");
  expect(JSON.stringify(both)).not.toContain("hunter2");
});

test("an nginx file that nginx does not understand: nginx's own words, before the database is touched", async () => {
  const path = "/etc/nginx/conf.d/django.conf.d/locations/own.conf";
  const error = await failureOf(
    { files: { [path]: "location /own { no_such_directive on; }\n" } },
    { status: 78, code: "DJINIT_NGINX_CONFIGURATION" },
  );
  expect(error.msg).toContain('unknown directive "no_such_directive"');
  expect(error.msg).toContain(`${path}:1`);
});

test("a port that another process listens on", async () => {
  await using other = await runContainer({
    image: runContext().images.djinit,
    entrypoint: "python",
    command: ["-m", "http.server", "8000", "--directory", "/etc/nginx"],
    publish: [],
  });
  await eventually(
    () =>
      other.output(["python", "-c", "import socket; socket.create_connection(('127.0.0.1', 8000)).close()"]),
    { what: "the other listens" },
  );
  const error = await failureOf(
    { network: `container:${other.id}` },
    { status: 78, code: "DJINIT_PORT_TAKEN" },
  );
  expect(error).toMatchObject({ port: 8000 });
  expect(error.msg).toContain("port 8000");
});
