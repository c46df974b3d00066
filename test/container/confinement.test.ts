// Landlock keeps nginx to what its files name, whatever its user may: with the same container unconfined beside it.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Container, createContainer, type RunOptions } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { runContext } from "../support/run-context.ts";
import { type NginxSubject, startSubject } from "./nginx-subject.ts";
import { startReadyProject } from "./project-subject.ts";
import { rawRequest } from "./raw-request.ts";

const ECHO = join(import.meta.dirname, "../fixtures/echo-wsgi");

const LOCATIONS = "/etc/nginx/conf.d/django.conf.d/locations";
const FILES = {
  "/app/.env": "SECRET_KEY=mine",
  "/srv/open/plain.txt": "plain",
  "/srv/later/plain.txt": "later",
  "/app/media/upload.txt": "upload",
  "/app/docs/index.txt": "below the project",
  "/srv/css/shop/linked.css": "linked",
  // Uploads that a project's own configuration serves, with every link followed.
  [`${LOCATIONS}/own.conf`]: "location /open/ { alias /srv/open/; }\nlocation /docs/ { }\n",
  "/etc/nginx/conf.d/own-log.conf": "access_log /dev/stdout main;\naccess_log /var/log/nginx/own.log main;\n",
  "/srv/keys/htpasswd": "anna:{PLAIN}right",
  "/srv/tables/hosts.map": "default mapped;",
  // Places of nginx's own are wherever its files say.
  "/etc/nginx/conf.d/own-places.conf": `proxy_cache_path /tmp/own-cache keys_zone=own:1m;
map $host $own_table { include /srv/tables/hosts.map; }
server {
    listen 8100;
    client_body_temp_path /tmp/own-body;
    client_body_in_file_only clean;
    proxy_temp_path /tmp/own-proxy;
    proxy_cache own;
    proxy_cache_valid 1m;
    access_log /tmp/own-logs.log;
    resolver 127.0.0.1;
    add_header X-Table $own_table;
    add_header X-Cache $upstream_cache_status;
    auth_basic own;
    auth_basic_user_file /srv/keys/htpasswd;
    location / { proxy_ignore_headers Cache-Control Expires Set-Cookie Vary; include /etc/nginx/conf.d/django.conf.d/application.conf; }
}
`,
};

/** Without a password, twice with it, and with a body that does not fit into memory. */
const ASK_OWN = `
import base64, urllib.request, urllib.error
def ask(path, body=None, password=True):
    request = urllib.request.Request("http://127.0.0.1:8100" + path, data=body)
    if password: request.add_header("Authorization", "Basic " + base64.b64encode(b"anna:right").decode())
    try: answer = urllib.request.urlopen(request)
    except urllib.error.HTTPError as error: answer = error
    print(answer.status, answer.headers.get("X-Table"), answer.headers.get("X-Cache"))
ask("/own", password=False)
ask("/own")
ask("/own")
ask("/post", b"x" * 1000000)
`;

const start = (env: Record<string, string> = {}) => startSubject(FILES, 8000, undefined, env);

async function plantLinks({ container }: NginxSubject): Promise<void> {
  const links = [
    "ln -s /etc/passwd /srv/open/passwd",
    "ln -s /app/.env /srv/open/env",
    "ln -s /srv/open /app/media/open",
  ];
  await container.output(["sh", "-ec", links.join("; ")]);
}

async function status(subject: NginxSubject, path: string): Promise<number> {
  return (await subject.ask(path)).status;
}

/** The application answers everything: only what it says tells a file from it. */
async function body(subject: NginxSubject, path: string): Promise<string> {
  return (await subject.ask(path)).body.toString();
}

async function nginxPid({ container }: NginxSubject): Promise<string> {
  return (await container.output(["cat", "/run/nginx/nginx.pid"])).trim();
}

/** Perl's own words for what it may not do. */
function probe({ container }: NginxSubject, rules: string[], code: string, user = "nginx"): Promise<string> {
  const drop = ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--clear-groups", "--no-new-privs"];
  const program = ["/usr/local/lib/djinit/start-service", "-", ...rules, "/usr/bin/perl", "-e", code];
  return container.output([...drop, ...program]);
}

/** The soft limits of core files. */
async function coreLimits({ container }: NginxSubject): Promise<Record<string, string>> {
  const pids = { init: "1", gunicorn: "$(pgrep -o -u django)", nginx: "$(pgrep -o -u nginx)" };
  const limits = Object.entries(pids).map(async ([name, pid]) => {
    const line = await container.output(["sh", "-c", `grep '^Max core file size' /proc/${pid}/limits`]);
    return [name, line.split(/\s+/)[4] ?? ""];
  });
  return Object.fromEntries(await Promise.all(limits));
}

let confined: NginxSubject;
let free: NginxSubject;
beforeAll(async () => {
  [confined, free] = await Promise.all([start(), start({ DJINIT_CONFINE: "off" })]);
  await Promise.all([plantLinks(confined), plantLinks(free)]);
});
afterAll(() => Promise.all([confined?.remove(), free?.remove()]));

describe("a link among files that the configuration serves", () => {
  test.each(["/open/passwd", "/open/env"])(
    "%s leads nowhere, and to the file where unconfined",
    async (path) => {
      expect(await status(free, path)).toBe(200);
      expect(await status(confined, path)).toBe(403);
    },
  );

  test("what is named is served", async () => {
    for (const [path, file] of [
      ["/open/plain.txt", "/srv/open/plain.txt"],
      ["/media/upload.txt", "/app/media/upload.txt"],
      ["/docs/index.txt", "/app/docs/index.txt"],
    ] as const)
      expect(await body(confined, path)).toBe(FILES[file]);
  });

  test("places of its own are used: cache, bodies, logs, passwords and tables", async () => {
    const asked = await confined.container.output(["python3", "-c", ASK_OWN]);
    expect(asked.trim().split("\n")).toEqual([
      "401 None None",
      "200 mapped MISS",
      "200 mapped HIT",
      "200 mapped None",
    ]);
    const found = "find /tmp/own-cache -type f | wc -l; grep -c 'GET /own' /tmp/own-logs.log";
    expect(await confined.container.output(["sh", "-c", found])).toBe("1\n3");
  });

  test("logs are written: to a pipe, and to a file below /var/log/nginx", async () => {
    await confined.records("/open/plain.txt");
    const log = await confined.container.output(["cat", "/var/log/nginx/own.log"]);
    expect(log).toContain("/open/plain.txt");
  });
});

test("status says what is confined; unconfined it says nothing of it", async () => {
  const said = await confined.container.output(["djinit", "status"]);
  expect(said).toMatch(/^confined: nginx, by the kernel's Landlock, version \d+$/m);
  expect(await free.container.output(["djinit", "status"])).not.toContain("confined");
});

describe("what nginx is started by", () => {
  const RULES = [
    "--confine=nginx",
    "r=/usr",
    "r=/lib",
    "r=/lib64",
    "r=/etc",
    "r=/bin",
    "r=/dev",
    "w=/run/nginx",
    "--",
  ];
  test.each([
    ["executes nothing", 'exec("/bin/true") or print "$!"'],
    ["writes nowhere else", 'open(F, ">/tmp/mine") or print "$!"'],
    ["reads nothing else", 'open(F, "</app/.env") or print "$!"'],
  ])("%s", async (_, code) => {
    expect(await probe(confined, RULES, code)).toBe("Permission denied");
    expect(await probe(confined, [], code)).toBe("");
  });

  test("signals nobody else, not even processes of its own user", async () => {
    const gunicorn = (await confined.container.output(["pgrep", "-o", "-u", "django"])).trim();
    const code = `kill(0, ${gunicorn}) or print "$!"`;
    expect(await probe(confined, RULES, code, "django")).toBe("Operation not permitted");
    expect(await probe(confined, [], code, "django")).toBe("");
  });

  test("writes where it is to", async () => {
    const code = 'open(F, ">/run/nginx/mine") or print "$!"; unlink("/run/nginx/mine") or print "$!"';
    expect(await probe(confined, RULES, code)).toBe("");
  });
});

describe("a reload", () => {
  test("without news leaves nginx its process", async () => {
    const before = await nginxPid(confined);
    await confined.container.output(["djinit", "reload"]);
    const said = () => confined.logs();
    await eventually(async () => expect(await said()).toMatch(/"reloading nginx"/), { what: "the reload" });
    // Its new workers answer.
    expect(await status(confined, "/open/plain.txt")).toBe(200);
    expect(await nginxPid(confined)).toBe(before);
  });

  test("starts nginx anew, for what its files name now and where links lead now", async () => {
    const before = await nginxPid(confined);
    // As `collectstatic --link` makes them.
    const link = "mkdir -p /app/static/shop; ln -s /srv/css/shop/linked.css /app/static/shop/linked.css";
    await confined.container.output(["sh", "-ec", link]);
    // Of static files that are kept open nginx opens each that it looks for: what it may not read counts as not there.
    expect(await status(confined, "/static/shop/linked.css")).toBe(404);
    const text = "location /later/ { alias /srv/later/; }";
    await confined.container.output(["sh", "-c", `echo '${text}' > ${LOCATIONS}/later.conf`]);
    await confined.container.output(["djinit", "reload"]);
    await eventually(async () => expect(await body(confined, "/later/plain.txt")).toBe("later"), {
      what: "the new directory",
    });
    expect(await body(confined, "/static/shop/linked.css")).toBe("linked");
    expect(await nginxPid(confined)).not.toBe(before);
    expect(await confined.logs()).toContain("it is confined, and could not reach what its files name now");
    // The project's directory has not been opened by that.
    expect(await status(confined, "/open/env")).toBe(403);
  });
});

test("a directory that comes, or takes the place of another one, is served without a reload", async () => {
  const { container } = confined;
  const served = (path: string, what: string) =>
    eventually(async () => expect(await body(confined, path)).toBe(what), { what: path, timeoutMs: 30_000 });
  await container.output(["sh", "-ec", "mkdir /app/mediafiles; echo -n first > /app/mediafiles/a.txt"]);
  await served("/media/a.txt", "first");
  await container.output([
    "sh",
    "-ec",
    "rm -r /app/media; mkdir /app/media; echo -n other > /app/media/b.txt",
  ]);
  await served("/media/b.txt", "other");
});

/** Waits until it answers. */
async function startEcho(options: Partial<RunOptions>): Promise<Container> {
  const container = await createContainer({
    image: runContext().images.djinit,
    command: ["echo:application"],
    env: { SKIP_MIGRATIONS: "1" },
    publish: [8000],
    ...options,
  });
  await docker("copy the application", ["cp", `${ECHO}/.`, `${container.id}:/app/`]);
  await docker("start it", ["start", container.id]);
  const port = await container.port(8000);
  await eventually(async () => expect((await rawRequest(port, "/ready")).status).toBe(200), {
    what: "an answer",
    timeoutMs: 30_000,
    attach: () => container.logs(),
  });
  return container;
}

/** Asks for a file that does not fit into any buffer, and takes next to nothing of the answer. */
const SLOW_DOWNLOAD = `
import socket, time
client = socket.create_connection(("127.0.0.1", 8000))
client.sendall(b"GET /media/large.bin HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
print(client.recv(15).decode(), flush=True)
open("/tmp/downloading", "w").close()
while client.recv(1): time.sleep(0.1)
`;

test("nginx is started anew for a directory that has come, however slow a download is", async () => {
  const env = { SKIP_MIGRATIONS: "1", DJINIT_GRACE_PERIOD: "4" };
  await using container = await startEcho({ env });
  const large = "mkdir /app/media; head -c 64M /dev/zero > /app/media/large.bin";
  await container.output(["sh", "-ec", large]);
  const port = await container.port(8000);
  const ask = async (path: string) => (await rawRequest(port, path)).body;
  await eventually(async () => expect(await ask("/media/large.bin")).toHaveLength(64 << 20), {
    what: "the file",
    timeoutMs: 30_000,
  });
  void container.exec(["python3", "-c", SLOW_DOWNLOAD]);
  await eventually(async () => (await container.exec(["test", "-e", "/tmp/downloading"])).exitCode === 0, {
    what: "the download",
    timeoutMs: 60_000,
    attach: () => container.logs(),
  });
  const restarts = async () =>
    (await container.records()).filter(({ msg }) => msg.startsWith("reloading nginx: it is confined")).length;
  const before = await restarts();
  await container.output(["sh", "-ec", "mkdir /app/mediafiles; echo -n new > /app/mediafiles/a.txt"]);
  await eventually(async () => (await restarts()) > before, { what: "the restart", timeoutMs: 60_000 });
  await container.record(
    "the deadline",
    ({ msg }) => msg.startsWith("cannot restart nginx within 4 s"),
    60_000,
  );
  // It would have waited for the download, and everybody for it.
  expect((await ask("/media/a.txt")).toString()).toBe("new");
});

test("started as another user nginx is confined in the same way", async () => {
  await using container = await startEcho({ user: "12345:0" });
  expect(await container.output(["djinit", "status"])).toMatch(/^confined: nginx, /m);
});

test("where the kernel has no Landlock, status says so, and the log nothing", async () => {
  const directory = await mkdtemp(join(tmpdir(), "seccomp-"));
  const ENOSYS = 38;
  const call = { names: ["landlock_create_ruleset"], action: "SCMP_ACT_ERRNO", errnoRet: ENOSYS };
  const profile = join(directory, "no-landlock.json");
  await writeFile(profile, JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW", syscalls: [call] }));
  try {
    await using container = await startEcho({ more: ["--security-opt", `seccomp=${profile}`] });
    expect(await container.output(["djinit", "status"])).toMatch(/^not confined: nginx: the kernel has no/m);
    expect((await container.records()).filter(({ level }) => level !== "info")).toEqual([]);
  } finally {
    await rm(directory, { recursive: true });
  }
});

describe("DJINIT_CONFINE=all", () => {
  /** Writes to the path of the request, and says how that went. */
  const WRITER = `def application(environ, start_response):
    try:
        if environ["PATH_INFO"] != "/ready":
            open(environ["PATH_INFO"], "w").close()
        said = "written"
    except OSError as error:
        said = error.strerror
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [said.encode()]
`;
  const PLACES = { "/srv/mine/.keep": "", "/srv/more/.keep": "" };
  const open = ["sh", "-c", "chmod 777 /srv/mine /srv/more; chown django /app"];

  test("the application writes where it is to, and nowhere else, whatever the mode", async () => {
    const files = { ...PLACES, "/app/echo.py": WRITER };
    const [kept, loose] = await Promise.all([
      startSubject(files, 8000, undefined, { DJINIT_CONFINE: "all", DJINIT_WRITABLE: "/srv/more" }),
      startSubject(files, 8000, undefined, { DJINIT_CONFINE: "nginx", DJINIT_CORE_FILES: "1" }),
    ]);
    try {
      const write = async ({ ask }: NginxSubject, path: string) => (await ask(path)).body.toString();
      await Promise.all([kept, loose].map(({ container }) => container.output(open)));
      for (const path of ["/app/a", "/tmp/a", "/dev/shm/a", "/srv/more/a"])
        expect([path, await write(kept, path)]).toEqual([path, "written"]);
      expect(await write(kept, "/srv/mine/a")).toBe("Permission denied");
      expect(await write(loose, "/srv/mine/a")).toBe("written");
      expect(await kept.container.output(["djinit", "status"])).toMatch(/^confined: gunicorn, nginx, /m);
      expect(await coreLimits(kept)).toEqual({ init: "0", gunicorn: "0", nginx: "0" });
      const hard = (await loose.container.output(["sh", "-c", "ulimit -H -c"])).trim();
      expect(await coreLimits(loose)).toEqual({ init: "0", gunicorn: hard, nginx: "0" });
      const environ =
        "tr '\\0' '\\n' < /proc/$(pgrep -o -u django)/environ | grep -E '^(PATH|DJINIT_CORE)' | cut -d= -f1";
      expect(await loose.container.output(["sh", "-c", environ], { user: "django" })).toBe("PATH");
    } finally {
      await Promise.all([kept.remove(), loose.remove()]);
    }
  });

  test("so do hooks and the boot's steps", async () => {
    const hook = "#!/bin/sh\necho x > /srv/mine/a || echo refused\necho x > /tmp/a && echo written\n";
    const settings = `from cake_service.settings import *
for path in ("/srv/mine/b", "/tmp/b"):
    try:
        open(path, "w").close()
        print(path, "written")
    except OSError as error:
        print(path, error.strerror)
`;
    await using container = await startReadyProject({
      env: {
        DJINIT_CONFINE: "all",
        SKIP_MIGRATIONS: "1",
        RUN_COLLECTSTATIC: "1",
        DJANGO_SETTINGS_MODULE: "own_settings",
        DJINIT_LOG_LEVEL: "before-start=info",
      },
      files: { "/app/own_settings.py": settings },
      programs: { "/etc/djinit/hooks/before-start/write": hook },
      // Whoever likes may write there, but for the confinement.
      tmpfs: ["/srv/mine:mode=1777"],
    });
    const records = await container.records();
    const said = (name: string) => records.filter(({ service }) => service === name).map(({ msg }) => msg);
    expect(said("before-start/write")).toEqual(
      expect.arrayContaining([expect.stringContaining("Permission denied"), "refused", "written"]),
    );
    expect(said("collectstatic")).toEqual(
      expect.arrayContaining(["/srv/mine/b Permission denied", "/tmp/b written"]),
    );
    expect(await container.output(["ls", "/srv/mine"])).toBe("");
  });
});
