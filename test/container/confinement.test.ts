// Landlock keeps nginx to what its files name, whatever its user may: with the same container unconfined beside it.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createContainer } from "../support/docker.ts";
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
};

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

let confined: NginxSubject;
let free: NginxSubject;
beforeAll(async () => {
  [confined, free] = await Promise.all([start({ DJINIT_CONFINE: "nginx" }), start()]);
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
    expect(await status(confined, "/static/shop/linked.css")).toBe(403);
    const text = "location /later/ { alias /srv/later/; }";
    await confined.container.output(["sh", "-c", `echo '${text}' > ${LOCATIONS}/later.conf`]);
    await confined.container.output(["djinit", "reload"]);
    await eventually(async () => expect(await body(confined, "/later/plain.txt")).toBe("later"), {
      what: "the new directory",
    });
    expect(await body(confined, "/static/shop/linked.css")).toBe("linked");
    expect(await nginxPid(confined)).not.toBe(before);
    expect(await confined.logs()).toContain("its files name what it could not reach");
    // The project's directory has not been opened by that.
    expect(await status(confined, "/open/env")).toBe(403);
  });
});

describe("started as another user", () => {
  test("nginx is confined in the same way", async () => {
    await using container = await createContainer({
      image: runContext().images.djinit,
      command: ["echo:application"],
      env: { SKIP_MIGRATIONS: "1", DJINIT_CONFINE: "nginx" },
      publish: [8000],
      user: "12345:0",
    });
    await docker("copy the application", ["cp", `${ECHO}/.`, `${container.id}:/app/`]);
    await docker("start it", ["start", container.id]);
    const port = await container.port(8000);
    await eventually(async () => expect((await rawRequest(port, "/ready")).status).toBe(200), {
      what: "an answer",
      timeoutMs: 30_000,
      attach: () => container.logs(),
    });
    expect(await container.output(["djinit", "status"])).toMatch(/^confined: nginx, /m);
  });
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
      startSubject(files),
    ]);
    try {
      const write = async ({ ask }: NginxSubject, path: string) => (await ask(path)).body.toString();
      await Promise.all([kept, loose].map(({ container }) => container.output(open)));
      for (const path of ["/app/a", "/tmp/a", "/dev/shm/a", "/srv/more/a"])
        expect([path, await write(kept, path)]).toEqual([path, "written"]);
      expect(await write(kept, "/srv/mine/a")).toBe("Permission denied");
      expect(await write(loose, "/srv/mine/a")).toBe("written");
      expect(await kept.container.output(["djinit", "status"])).toMatch(/^confined: gunicorn, nginx, /m);
    } finally {
      await Promise.all([kept.remove(), loose.remove()]);
    }
  });

  test("so do hooks", async () => {
    const program = "#!/bin/sh\necho x > /srv/mine/a || echo refused\necho x > /tmp/a && echo written\n";
    await using container = await startReadyProject({
      env: { DJINIT_CONFINE: "all", SKIP_MIGRATIONS: "1", DJINIT_LOG_LEVEL: "before-start=info" },
      files: PLACES,
      programs: { "/etc/djinit/hooks/before-start/write": program, "/srv/mine/a": "" },
    });
    const said = (await container.records()).filter(({ service }) => service === "before-start/write");
    expect(said.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining([expect.stringContaining("Permission denied"), "refused", "written"]),
    );
  });
});
