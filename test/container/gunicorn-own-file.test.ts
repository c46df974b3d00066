// gunicorn's own ways of being configured: a file of the project's, GUNICORN_CMD_ARGS, the command line. What djinit depends on
// stays in force over all of them.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { runContext } from "../support/run-context.ts";
import { childrenOf, mainPid } from "./cake-subject.ts";
import { failsWith } from "./failure.ts";
import { type ProjectOptions, startProject, startReadyProject } from "./project-subject.ts";

const FILES = join(import.meta.dirname, "../fixtures/gunicorn-files");

/** The image, with the files of the fixture in /app. */
function options({ env, ...rest }: ProjectOptions): ProjectOptions {
  const image = runContext().images.djinit;
  return { image, fixture: "gunicorn-files", env: { SKIP_MIGRATIONS: "1", ...env }, ...rest };
}

let idle: Container;
beforeAll(async () => {
  idle = await startProject(options({ entrypoint: "sleep", command: ["600"] }));
});
afterAll(async () => {
  await idle[Symbol.asyncDispose]();
});

/** What gunicorn makes of it. */
async function resolved(given: string, env: Record<string, string> = {}): Promise<Record<string, string>> {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const words = ["--print-config", ...given.split(" "), "--config", "/etc/gunicorn/config.py"];
  const text = await idle.output(["env", ...variables, "gunicorn", ...words], { user: "django" });
  return Object.fromEntries(
    text
      .split("\n")
      .filter((line) => line.includes(" = "))
      .map((line) => [line.split(" = ")[0]?.trim(), line.slice(line.indexOf(" = ") + 3)]),
  );
}

const SOCKET = "unix:/run/gunicorn/gunicorn.sock";
const ESSENTIAL = {
  pidfile: "/run/gunicorn/gunicorn.pid",
  umask: String(0o117),
  worker_tmp_dir: "/run/gunicorn",
  control_socket_disable: "True",
  daemon: "False",
  reuse_port: "False",
  errorlog: "-",
  user: "104",
  group: "107",
};

test.each([
  // gunicorn's own words of a Dockerfile, in all their forms: nginx has that port.
  ["shop:application --bind 0.0.0.0:8000", {}, { bind: `['${SOCKET}']` }],
  ["shop:application -b:8000", {}, { bind: `['${SOCKET}']` }],
  ["shop:application --bind=[::]:8000 -b localhost:8000", {}, { bind: `['${SOCKET}']` }],
  [
    "shop:application",
    { GUNICORN_CMD_ARGS: "--bin 127.0.0.1:8000 -w 7" },
    { bind: `['${SOCKET}']`, workers: "7" },
  ],
  ["shop:application", { PORT: "9000" }, { bind: `['${SOCKET}']` }],
  // Elsewhere: beside the usual socket.
  ["shop:application -b 0.0.0.0:9000", {}, { bind: `['${SOCKET}', '0.0.0.0:9000']` }],
  // Where user django may make nothing: of no use to anybody.
  [
    "shop:application -b unix:/run/gunicorn.sock -b tcp://127.0.0.1:9001",
    {},
    { bind: `['${SOCKET}', 'tcp://127.0.0.1:9001']` },
  ],
  ["shop:application -b unix:/run/gunicorn/gunicorn.sock", {}, { bind: `['${SOCKET}']` }],
  [
    "shop:application --umask 0 -p /tmp/p --worker-tmp-dir /dev/shm -D --reuse-port -u root --log-file /tmp/x",
    {},
    { bind: `['${SOCKET}']` },
  ],
  [
    "shop:application -c plain.py",
    {},
    {
      bind: `['${SOCKET}']`,
      workers: "3",
      threads: "4",
      timeout: "120",
      accesslog: "-",
      loglevel: "warning",
    },
  ],
  // The command line wins over the file, and over that of GUNICORN_CMD_ARGS.
  [
    "shop:application --config=/app/plain.py --workers 1",
    { GUNICORN_CMD_ARGS: "-c virtual_machine.py --threads 2" },
    { workers: "1", threads: "2", timeout: "120" },
  ],
  ["shop:application", { GUNICORN_CMD_ARGS: "--config 'file:plain.py'" }, { workers: "3" }],
  [
    "-cpython:on_platform",
    {},
    { bind: `['${SOCKET}']`, wsgi_app: "shop:application", preload_app: "True", accesslog: "-" },
  ],
  ["-c on_platform.py", { PORT: "9000" }, { bind: `['${SOCKET}', '0.0.0.0:9000']`, graceful_timeout: "40" }],
  [
    "shop:application -cvirtual_machine.py",
    {},
    {
      bind: `['${SOCKET}', 'unix:/run/gunicorn/other.sock']`,
      workers: "2",
      max_requests: "1000",
      accesslog: "-",
      backlog: "512",
    },
  ],
  // The file's own number wins.
  [
    "shop:application -c virtual_machine.py",
    { DJINIT_WORKER_MAX_REQUESTS: "50" },
    { max_requests: "1000", max_requests_jitter: "100" },
  ],
  [
    "shop:application",
    { DJINIT_WORKER_MAX_REQUESTS: "2000" },
    { max_requests: "2000", max_requests_jitter: "200" },
  ],
  // The image's own file, named by itself.
  ["shop:application -c /etc/gunicorn/config.py", {}, { bind: `['${SOCKET}']` }],
])("%s with %j", async (words, env, expected) => {
  expect(await resolved(words, env)).toMatchObject({ ...ESSENTIAL, ...expected });
});

test("`gunicorn … --bind 0.0.0.0:8000`, as most projects' Dockerfiles have it: nginx keeps the port", async () => {
  await using container = await startReadyProject(
    options({ command: ["gunicorn", "shop:application", "--bind", "0.0.0.0:8000"], publish: [8000] }),
  );
  const answer = await http(await container.url());
  expect(answer).toMatchObject({ status: 200, text: "shop - False" });
  expect(answer.headers["server"]).toBe("nginx");
  const said = (await container.records()).filter(({ msg }) => msg.includes("0.0.0.0:8000"));
  expect(said).toMatchObject([{ service: "gunicorn", level: "info" }]);
  expect(said[0]?.msg).toMatch(
    /^djinit keeps its own settings instead of: bind 0\.0\.0\.0:8000 \(nginx listens/,
  );
  expect((await container.records()).filter(({ level }) => level !== "info")).toEqual([]);
  expect(await container.stop()).toBe(0);
});

test("the project's gunicorn.conf.py: its application, its port, its hooks beside ours, its timeout for nginx too", async () => {
  const file = await readFile(join(FILES, "on_platform.py"), "utf8");
  await using container = await startReadyProject(
    options({
      sized: true,
      command: ["gunicorn"],
      files: { "/app/gunicorn.conf.py": file },
      publish: [8000, 9000],
      env: { PORT: "9000", GUNICORN_CMD_ARGS: "--timeout 150" },
    }),
  );
  expect((await http(await container.url())).text).toBe("shop open False");
  const direct = await http(`http://127.0.0.1:${await container.port(9000)}/`);
  expect(direct.headers["server"]).toMatch(/^gunicorn/);

  const master = await mainPid(container, "gunicorn");
  const workers = await childrenOf(container, master);
  expect(workers).toHaveLength(2);
  await container.output(["kill", "-9", String(workers[0]?.pid)], { user: "root" });
  for (const hook of ["on_starting", "nworkers_changed 2", "post_fork", "child_exit"])
    await container.record(hook, ({ msg }) => msg === `hook: ${hook}`);
  // Ours have run too.
  expect(await container.output(["cat", "/run/gunicorn/timeout"])).toBe("150");
  expect(await container.output(["nginx", "-T"], { user: "nginx" })).toContain("proxy_read_timeout 155s;");
  // A reload with another address: the usual socket stays what it was.
  const edit = ["sed", "-i", "s/^bind = .*/bind = '127.0.0.1:9001'/", "/app/gunicorn.conf.py"];
  await container.output(edit, { user: "root" });
  await container.signal("HUP");
  const port = (9001).toString(16).toUpperCase();
  await eventually(
    async () => (await container.output(["cat", "/proc/net/tcp"])).includes(`:${port} 00000000:0000 0A`),
    { what: "gunicorn listens at the new address", timeoutMs: 20_000, attach: () => container.logs() },
  );
  expect((await http(await container.url())).status).toBe(200);
  // Held by PID 1: a request waits for the next gunicorn.
  await container.output(["kill", "-9", String(master)], { user: "root" });
  expect((await http(await container.url())).status).toBe(200);
  expect(await container.stop(), await container.logs()).toBe(0);
});

test("an upstream of one's own at another address", async () => {
  const upstream = "upstream gunicorn { server 127.0.0.1:9000; }\n";
  await using container = await startReadyProject(
    options({
      command: ["shop:application", "--bind", "127.0.0.1:9000"],
      files: { "/etc/nginx/conf.d/django.conf.d/upstream.conf": upstream },
      publish: [8000],
    }),
  );
  expect((await http(await container.url())).status).toBe(200);
});

test("a file of the project's is read when the boot is over, and not before", async () => {
  const says = 'print("the file is read", flush=True)\nwsgi_app = "shop:application"\n';
  await using container = await startProject(
    options({
      image: runContext().images.example,
      command: ["gunicorn"],
      files: { "/app/gunicorn.conf.py": says },
      // Nobody answers there.
      env: {
        SKIP_MIGRATIONS: "",
        DATABASE_URL: "postgres://u:p@127.0.0.1:9/d",
        DJINIT_DATABASE_TIMEOUT: "4",
      },
    }),
  );
  await failsWith(container, { status: 69, code: "DJINIT_DATABASE_UNAVAILABLE" });
  expect(await container.logs()).not.toContain("the file is read");
});

test.each([
  ["-c nowhere.py shop:application", "'nowhere.py' doesn't exist"],
  ["-c python:nowhere shop:application", "No module named 'nowhere'"],
  ["shop:application -c broken.py", "ValueError: what is wrong"],
  ["shop:application --bind 0.0.0.0:9180", "DJINIT_ADMIN_PORT"],
  ["shop:application --bind 203.0.113.1:9000", "cannot listen at 203.0.113.1:9000"],
  ["shop:application --bind 0.0.0.0:http", "cannot bind '0.0.0.0:http'"],
  ["gunicorn -c plain.py", "no application is named"],
  ["shop:application --workers many", "invalid int value: 'many'"],
  ["shop:application -c invalid.py", "cannot set timeout: "],
])("%s is one clear 78", async (command, cause) => {
  const files = {
    "/app/broken.py": 'raise ValueError("what is wrong")\n',
    "/app/invalid.py": 'timeout = "long"\n',
  };
  await using container = await startProject(options({ command: command.split(" "), files }));
  const error = await failsWith(container, { status: 78, code: "DJINIT_APPLICATION_FAILED" });
  expect(error.msg).toContain(cause);
});
