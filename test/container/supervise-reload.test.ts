import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Container, createContainer } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { processTable } from "../support/proc.ts";
import type { LogRecord } from "../support/records.ts";
import { runContext } from "../support/run-context.ts";
import { countStarts, isReady, mainPid, ONE_WORKER } from "./cake-subject.ts";
import { expectNothingLost, startLoad, underLoad } from "./steady-load.ts";

const application = (answer: string) => `def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"${answer}"]
`;

const refusalOf =
  (target: string) =>
  (record: LogRecord): boolean =>
    record["target"] === target && record["code"] === "DJINIT_RELOAD_REFUSED";

const workersOf = async (container: Container): Promise<number[]> => {
  const master = await mainPid(container, "gunicorn");
  return (await processTable(container)).filter(({ ppid }) => ppid === master).map(({ pid }) => pid);
};

const fromEnvironment = `import os
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{os.environ['GREETING']} {os.environ.get('DATABASE_URL')}".encode()]
`;

const fromAllEnvironment = `import json, os
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(dict(os.environ)).encode()]
`;

/** A container that is not started yet, and a way to put files into it. */
async function createApp(directory: string, env: Record<string, string>) {
  const container = await createContainer({
    image: runContext().images.djinit,
    command: ["app:application"],
    env: { SKIP_MIGRATIONS: "1", WEB_CONCURRENCY: "2", ...env },
  });
  const put = async (content: string, path: string, mode = 0o644) => {
    await rm(join(directory, "file"), { force: true });
    await writeFile(join(directory, "file"), content, { mode });
    await docker("copy", ["cp", join(directory, "file"), `${container.id}:${path}`]);
  };
  return { container, put };
}

/** Neither PID 1, but for the moment in which it opens a file, nor anything that it has started. */
async function expectNoRoot(container: Container): Promise<void> {
  const users = await container.output(["sh", "-c", "cat /proc/[0-9]*/status | grep -E '^(Pid|Uid|PPid):'"]);
  const found = [...users.matchAll(/Pid:\t(\d+)\nPPid:\t(\d+)\nUid:\t(\d+)\t(\d+)\t(\d+)\t(\d+)/g)];
  const ours = found.filter(([, pid, ppid]) => pid === "1" || ppid === "1");
  expect(ours.length).toBeGreaterThan(2);
  expect(ours.filter(([, , , ...uids]) => uids.includes("0"))).toEqual([]);
}

const reloadsOf = async (container: Container, target: string): Promise<number> =>
  (await container.records()).filter(
    (record) => record["target"] === target && /^reloading /.test(record.msg),
  ).length;

test("HUP under a steady load takes new code and new nginx files without a failed request", async () => {
  const directory = await mkdtemp(join(tmpdir(), "reload-"));
  try {
    const { container, put } = await createApp(directory, {});
    await using subject = container;
    await put(application("one"), "/app/app.py");
    await docker("start", ["start", subject.id]);
    await subject.record("readiness", isReady);
    const load = startLoad(subject, 600);
    await underLoad(subject);
    for (const text of ["two", "three", "four"]) {
      await put(application(text), "/app/app.py");
      await put(
        `location = /new { return 200 "${text}"; }\n`,
        "/etc/nginx/conf.d/django.conf.d/locations/new.conf",
      );
      await subject.signal("HUP");
      await eventually(async () => (await http(await subject.url())).text === text, { timeoutMs: 20_000 });
      await eventually(async () => (await http(await subject.url("/new"))).text === text, {
        timeoutMs: 20_000,
      });
    }
    expectNothingLost(await load.finish());
    expect(await countStarts(subject, "gunicorn")).toBe(1);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("HUP reads env files and secrets again; gunicorn is started anew for them, and requests wait meanwhile", async () => {
  const directory = await mkdtemp(join(tmpdir(), "reload-"));
  try {
    const { container, put } = await createApp(directory, {
      DJINIT_ENV_FILE: "/app/env",
      DATABASE_URL_FILE: "/app/secret",
      DJINIT_DATABASE_TIMEOUT: "0",
    });
    await using subject = container;
    await put(fromEnvironment, "/app/app.py");
    await put("GREETING=one\n", "/app/env");
    await put("sqlite:///a", "/app/secret");
    await docker("start", ["start", subject.id]);
    await subject.record("readiness", isReady);
    const answers = (text: string) =>
      eventually(async () => expect((await http(await subject.url())).text).toBe(text), {
        what: `the answer ${text}`,
        timeoutMs: 20_000,
        attach: () => subject.logs(),
      });
    await answers("one sqlite:///a");

    const load = startLoad(subject, 600);
    await underLoad(subject);
    await put("GREETING=two\n", "/app/env");
    await put("sqlite:///b\n", "/app/secret");
    await subject.signal("HUP");
    await answers("two sqlite:///b");
    expectNothingLost(await load.finish());
    expect(await countStarts(subject, "gunicorn")).toBe(2);
    expect(await countStarts(subject, "nginx")).toBe(1);

    // Nothing has changed since: the master stays.
    await subject.signal("HUP");
    await eventually(async () => (await reloadsOf(subject, "nginx")) === 2, { timeoutMs: 20_000 });
    expect(await countStarts(subject, "gunicorn")).toBe(2);

    // Nobody is root any more; a file of root's alone, or of django's, is read all the same.
    await put("sqlite:///c\n", "/app/secret", 0o400);
    await subject.signal("HUP");
    await answers("two sqlite:///c");
    await subject.output(["sh", "-c", "chown django /app/secret && echo sqlite:///d > /app/secret"]);
    await subject.signal("HUP");
    await answers("two sqlite:///d");
    await expectNoRoot(subject);

    // A link of django's does not lead PID 1 to a file of root's: nothing is reloaded, and the record says which file.
    await subject.output(["sh", "-c", "install -m 400 /dev/null /root/of-root && echo x > /root/of-root"]);
    await subject.output(["sh", "-c", "ln -sf /root/of-root /app/secret && chown -h django /app/secret"]);
    await subject.signal("HUP");
    const refusal = await subject.record("a refusal", ({ code }) => code === "DJINIT_RELOAD_REFUSED");
    expect(refusal.msg).toContain("/app/secret");
    expect(refusal.msg).toContain("user 104 may change where it leads");
    await answers("two sqlite:///d");
    expect(JSON.stringify(await subject.records())).not.toContain("sqlite:///");
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("HUP reads a directory of secrets again, as Kubernetes swaps it, mode 0400; secrets of the boot stay out of PID 1", async () => {
  const directory = await mkdtemp(join(tmpdir(), "reload-"));
  const volume = (version: string) =>
    `cd /run/volume && mkdir ..${version} && echo ${version} > ..${version}/token && echo b00t > ..${version}/SUPERUSER_EMAIL` +
    ` && chmod 400 ..${version}/* && ln -s ..${version} ..tmp && mv -T ..tmp ..data`;
  try {
    await using subject = await createContainer({
      image: runContext().images.djinit,
      entrypoint: "sh",
      command: [
        "-c",
        `mkdir -m 1777 /run/volume && ${volume("first-token")} && ln -s ..data/token ..data/SUPERUSER_EMAIL . && cd /app && exec djinit app:application`,
      ],
      env: {
        SKIP_MIGRATIONS: "1",
        DJINIT_SECRETS_DIR: "/run/volume",
        API_KEY_FILE: "/run/volume/token",
        LOG_FILE: "/etc/hostname",
      },
    });
    await writeFile(join(directory, "file"), fromAllEnvironment, { mode: 0o644 });
    await docker("copy", ["cp", join(directory, "file"), `${subject.id}:/app/app.py`]);
    await docker("start", ["start", subject.id]);
    await subject.record("readiness", isReady);
    const environment = async () =>
      JSON.parse((await http(await subject.url())).text) as Record<string, string>;
    const first = await environment();
    expect(first).toMatchObject({
      TOKEN: "first-token",
      API_KEY: "first-token",
      API_KEY_FILE: "/run/volume/token",
    });
    for (const name of ["SUPERUSER_EMAIL", "LOG", "DJINIT_SECRETS_DIR"])
      expect(first).not.toHaveProperty(name);
    await subject.output(["sh", "-c", volume("second-token")]);
    await subject.signal("HUP");
    await eventually(async () => expect((await environment())["TOKEN"]).toBe("second-token"), {
      timeoutMs: 20_000,
      attach: () => subject.logs(),
    });
    expect((await environment())["API_KEY"]).toBe("second-token");
    expect(await subject.output(["stat", "-c", "%U", "/proc/1/environ"])).toBe("djinit");
    await expectNoRoot(subject);
    expect(JSON.stringify(await subject.records())).not.toMatch(/(first|second)-token|b00t/);
    const config = await subject.output(["djinit", "config"]);
    expect(config).toMatch(/^TOKEN +\*+ +file:\/run\/volume\/token /m);
    expect(config).not.toMatch(/second-token|b00t/);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("HUP takes new code and new nginx files; what cannot be loaded is refused and the old one serves on", async () => {
  const directory = await mkdtemp(join(tmpdir(), "reload-"));
  try {
    await using container = await createContainer({
      image: runContext().images.djinit,
      command: ["app:application"],
      env: { SKIP_MIGRATIONS: "1", ...ONE_WORKER },
    });
    const put = async (content: string, path: string) => {
      await writeFile(join(directory, "file"), content, { mode: 0o644 });
      await docker("copy", ["cp", join(directory, "file"), `${container.id}:${path}`]);
    };
    const answers = async (text: string) =>
      eventually(async () => (await http(await container.url())).text === text, {
        what: `the answer ${text}`,
        timeoutMs: 20_000,
        attach: () => container.logs(),
      });
    await put(application("one"), "/app/app.py");
    await docker("start", ["start", container.id]);
    await answers("one");
    const gunicorn = await mainPid(container, "gunicorn");

    await put(application("two"), "/app/app.py");
    await put(
      'location = /new { return 200 "from nginx"; }\n',
      "/etc/nginx/conf.d/django.conf.d/locations/new.conf",
    );
    await container.signal("HUP");
    await answers("two");
    expect(await mainPid(container, "gunicorn")).toBe(gunicorn);
    await eventually(async () => (await http(await container.url("/new"))).text === "from nginx", {
      what: "nginx's new file",
    });

    // A file that nginx refuses: the old one stays in force.
    const earlier = await workersOf(container);
    await put("nonsense;\n", "/etc/nginx/conf.d/django.conf.d/locations/new.conf");
    await container.signal("HUP");
    const refusal = await container.record("nginx's refusal", refusalOf("nginx"));
    expect(refusal).toMatchObject({ level: "error", code: "DJINIT_RELOAD_REFUSED" });
    expect(refusal.msg).toContain("nonsense");
    expect((await http(await container.url("/new"))).text).toBe("from nginx");
    // nginx comes first: gunicorn is to have read the good file before there is a bad one.
    await eventually(async () => (await workersOf(container)).every((it) => !earlier.includes(it)), {
      what: "gunicorn's new workers",
      attach: () => container.logs(),
    });
    await answers("two");

    // An application that cannot be imported: a HUP would end gunicorn's master and all its workers.
    await put("import nowhere\n", "/app/app.py");
    const workers = await workersOf(container);
    await container.signal("HUP");
    expect((await container.record("gunicorn's refusal", refusalOf("gunicorn"))).msg).toContain("nowhere");
    await answers("two");
    expect(await mainPid(container, "gunicorn")).toBe(gunicorn);
    expect(await workersOf(container)).toEqual(workers);

    await put(application("three"), "/app/app.py");
    await container.signal("HUP");
    await answers("three");
  } finally {
    await rm(directory, { recursive: true });
  }
});
