// A secret of its own in every variable that may have one, and then a search for each of them wherever a process, a log or an
// answer may have it. SECURITY.md has the table that this is compared with.
import { afterAll, beforeAll, expect, test } from "vitest";
import { makePair } from "../support/certificates.ts";
import type { Container } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { createDatabase } from "../support/postgres.ts";
import { processTable } from "../support/proc.ts";
import { startRedis } from "../support/redis.ts";
import { isReady, mainPid, serves } from "./cake-subject.ts";
import { startProject } from "./project-subject.ts";

/** Where each secret is planted. `boot`: for the boot's own steps; `application`: for its processes too. */
const BOOT = {
  superuserPassword: "Planted-0-superuser-password",
  djangoSuperuserPassword: "Planted-1-django-superuser-password",
  superuserEmail: "planted-2-superuser-email@example.com",
  migrationsUrl: "planted-3-migrations-url",
};
const APPLICATION = {
  databaseUrl: "planted-4-database-url",
  broker: "planted-5-broker",
  secretKey: "planted-6-secret-key",
  ofContainer: "planted-7-of-the-container",
  ofEnvFile: "planted-8-of-the-env-file",
  ofSecretFile: "planted-9-of-a-secret-file",
  ofNamedFile: "planted-10-of-a-named-file",
  ofDirectory: "planted-11-of-the-directory",
  gunicornArguments: "planted-12-of-gunicorns-arguments",
};
/** What its lines begin with is the same in each key of that kind; the line in the middle is this one's alone. */
const PAIR = makePair("shop.example");
const KEY = PAIR.key.split("\n")[2] as string;
const SECRETS = [...Object.values({ ...BOOT, ...APPLICATION }), KEY];

/** Prints, for each process of its own user but itself, where each word of stdin stands: of environ, cmdline, memory. */
const SEARCH = `
import json, os, re, sys
words, marks = json.loads(sys.stdin.readline())

def words_in(data):
    for encoding in ("utf-8", "utf-16-le"):
        # One of them is in each of them, and hardly in anything else.
        if any(mark.encode(encoding) in data for mark in marks):
            yield from (word for word in words if word.encode(encoding) in data)

found = []
for pid in filter(str.isdigit, os.listdir("/proc")):
    if int(pid) == os.getpid():
        continue
    try:
        with open(f"/proc/{pid}/status") as status:
            fields = dict(line.rstrip("\\n").split(":\\t", 1) for line in status if ":\\t" in line)
        if int(fields["Uid"].split()[0]) != os.getuid():
            continue
        places = {name: list(words_in(open(f"/proc/{pid}/{name}", "rb").read())) for name in ("environ", "cmdline")}
        memory, size = set(), 0
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
            for line in maps:
                start, end, mode = re.match(r"(\\w+)-(\\w+) (\\S+)", line).groups()
                # What a process cannot write in is as it lies in the image.
                is_of_the_image = mode[1] != "w" and "/" in line
                if mode[0] != "r" or "[v" in line or is_of_the_image:
                    continue
                try:
                    mem.seek(int(start, 16))
                    data = mem.read(int(end, 16) - int(start, 16))
                except (OSError, ValueError, OverflowError):
                    continue
                size += len(data)
                memory.update(words_in(data))
    except (FileNotFoundError, ProcessLookupError):
        continue
    found.append({"pid": int(pid), "uid": os.getuid(), "bytes": size, "memory": list(memory), **places})
print(json.dumps(found))
`;

interface Found {
  pid: number;
  uid: number;
  bytes: number;
  environ: string[];
  cmdline: string[];
  memory: string[];
}

/** PID 1, gunicorn and its worker, nginx and its worker, celery and its pool, beat: fewer of them at the least. */
const SERVICES = 6;

const UID = { django: 104, nginx: 105, djinit: 106 };

let redis: Awaited<ReturnType<typeof startRedis>>;
let container: Container;
beforeAll(async () => {
  redis = await startRedis();
  const database = await createDatabase();
  // libpq's own name for a session says nothing, and so may say anything.
  const named = (name: string) => `${database.url}?application_name=${name}`;
  // A user without a password, as Redis' own is, may give any.
  const broker = redis.url.replace("//", `//default:${APPLICATION.broker}@`);
  container = await startProject({
    publish: [8000, 9180],
    env: {
      CELERY_WORKER: "1",
      CELERY_BEAT: "1",
      SECRET_KEY: "",
      DJINIT_LOG_LEVEL: "debug",
      GUNICORN_CMD_ARGS: `--env PLANTED=${APPLICATION.gunicornArguments}`,
      DJINIT_ENV_FILE: "/run/secrets/one.env:/run/secrets/two.env",
      DJINIT_SECRETS_DIR: "/run/planted",
      DJINIT_SECRETS: "OF_NAMED_FILE",
      OF_CONTAINER: APPLICATION.ofContainer,
      OF_SECRET_FILE_FILE: "/run/secrets/of-secret-file",
      OF_NAMED_FILE_FILE: "/opt/of-named-file",
      DATABASE_URL_FILE: "/run/secrets/database-url",
      MIGRATIONS_DATABASE_URL_FILE: "/run/secrets/migrations-url",
      DJANGO_SUPERUSER_PASSWORD: BOOT.djangoSuperuserPassword,
      DJINIT_TLS_CERT: "/run/secrets/tls.crt",
      DJINIT_TLS_KEY: "/run/secrets/tls.key",
    },
    files: {
      "/run/secrets/one.env": "OF_ENV_FILE=overridden\n",
      "/run/secrets/two.env": `OF_ENV_FILE=${APPLICATION.ofEnvFile}\nCELERY_BROKER=${broker}\n`,
      "/run/secrets/of-secret-file": `${APPLICATION.ofSecretFile}\n`,
      "/opt/of-named-file": `${APPLICATION.ofNamedFile}\n`,
      "/run/secrets/database-url": named(APPLICATION.databaseUrl),
      "/run/secrets/migrations-url": named(BOOT.migrationsUrl),
      "/run/secrets/tls.crt": PAIR.certificate,
      "/run/secrets/tls.key": PAIR.key,
      "/run/planted/superuser_password": `${BOOT.superuserPassword}\n`,
      "/run/planted/SUPERUSER_EMAIL": BOOT.superuserEmail,
      "/run/planted/secret-key": APPLICATION.secretKey,
      "/run/planted/of_directory": APPLICATION.ofDirectory,
    },
  });
  await container.record("readiness", isReady, 60_000);
  await serves(container);
});
afterAll(async () => {
  await container?.rm();
  await redis?.container.rm();
});

async function search(): Promise<Found[]> {
  const input = `${JSON.stringify([SECRETS, ["lanted-", KEY]])}\n`;
  const found: Found[] = [];
  for (const [name, uid] of Object.entries(UID)) {
    // The kernel shows a process to who has its user and at least its capabilities; root in a container is not enough.
    const caps =
      name === "djinit" ? ["--inh-caps=+kill,+setuid,+setgid", "--ambient-caps=+kill,+setuid,+setgid"] : [];
    const as = ["setpriv", `--reuid=${uid}`, `--regid=${name}`, "--clear-groups", ...caps];
    const text = await container.output([...as, "/usr/bin/python3", "-I", "-c", SEARCH], {
      user: "root",
      input,
    });
    found.push(...(JSON.parse(text) as Found[]));
  }
  // None is left out.
  const seen = found.map(({ pid }) => pid);
  const running = (await processTable(container)).filter(({ ppid, pid }) => ppid !== 0 || pid === 1);
  expect(running.map(({ pid }) => pid).filter((pid) => !seen.includes(pid))).toEqual([]);
  return found;
}

/** Those of the boot and nothing else may be missing in the processes of the application; the rest is as SECURITY.md says. */
async function expectTheTable(): Promise<void> {
  const found = await search();
  const all = Object.values(APPLICATION).sort();
  const pids = async (...names: string[]) => Promise.all(names.map((name) => mainPid(container, name)));
  const services = await pids("gunicorn", "celery-worker", "celery-beat");
  const [nginx] = await pids("nginx");

  // The search sees what is there: each process of the application has all that is the application's.
  for (const pid of services) {
    const process = found.find((it) => it.pid === pid);
    expect(process?.uid).toBe(UID.django);
    expect(process?.environ.sort()).toEqual(all);
    expect(process?.memory.sort()).toEqual(all);
  }
  const nginxes = found.filter(({ uid }) => uid === UID.nginx);
  expect(nginxes.length).toBeGreaterThan(1);
  expect(nginxes.map(({ pid }) => pid)).toContain(nginx);
  for (const { bytes, environ, memory } of nginxes) {
    expect(bytes).toBeGreaterThan(100_000);
    // It needs the key.
    expect([environ, memory.filter((it) => it !== KEY)]).toEqual([[], []]);
  }
  const first = found.find(({ pid }) => pid === 1);
  expect(first?.uid).toBe(UID.djinit);
  expect(first?.environ).toEqual([]);
  // It has read the pair, and may have it in its memory still.
  expect(first?.memory.filter((it) => it !== KEY).sort()).toEqual(all);

  const boots = Object.values(BOOT);
  for (const { environ, memory } of found)
    expect([...environ, ...memory].filter((it) => boots.includes(it))).toEqual([]);
  expect(found.flatMap(({ cmdline }) => cmdline)).toEqual([]);
}

test("each process has in its environment and memory what the table says, and no more", async () => {
  await expectTheTable();
}, 120_000);

test("neither logs at debug, nor verbs, metrics, probes or answers have any", async () => {
  const verbs = [
    "status",
    "status --json",
    "config",
    "config --json",
    "health --verbose",
    "logs",
    "migrations --json",
    "version",
    "help",
    "logs --no-such",
    "restart no-such-service",
  ];
  const said: [string, string][] = [];
  for (const words of verbs) {
    const { stdout, stderr } = await container.exec(["djinit", ...words.split(" ")], { user: "root" });
    said.push([words, stdout + stderr]);
  }
  for (const path of ["/metrics", "/livez", "/readyz", "/startupz", "/no-such"])
    said.push([path, (await http(`http://127.0.0.1:${await container.port(9180)}${path}`)).text]);
  for (const path of ["/health/", "/no-such", "/%00"])
    said.push([path, (await http(await container.url(path))).text]);
  said.push(["logs", await container.logs()]);
  for (const [what, text] of said) {
    expect(text.length, what).toBeGreaterThan(0);
    expect(
      SECRETS.filter((it) => text.includes(it)),
      what,
    ).toEqual([]);
  }
}, 120_000);

test("a dump has everything but secrets, for root, and for djinit's and the application's user what they may have", async () => {
  const all = ["about.json", "cgroup.txt", "config.json", "health.json", "metrics.txt", "nginx.txt"];
  const names = [...all, "problems.json", "processes.txt", "records.jsonl", "stacks.txt", "status.json"];
  const take = async (user: string) => {
    const output = `/tmp/of-${user}.tar.gz`;
    // A process whose words have one: what a dump says of it must not.
    const script = `python3 -I -c 'import time; time.sleep(600)' ${APPLICATION.ofContainer} & djinit dump -o ${output}; kill $!`;
    await container.output(["sh", "-c", script], { user });
    const parts = await container.output(["tar", "-xzOf", output], { user: "root" });
    const listed = (await container.output(["tar", "-tzf", output], { user: "root" })).trim().split("\n");
    return { parts, names: listed.map((name) => name.split("/")[1]).sort() };
  };
  const ofRoot = await take("root");
  expect(ofRoot.names).toEqual(names);
  // What each part is known by.
  for (const text of [
    "gunicorn cake_service.wsgi",
    '"live": true',
    '"name": "DATABASE_URL"',
    "import time; time.sleep(600) ********",
    "djinit_service_state",
  ])
    expect(ofRoot.parts).toContain(text);
  expect(ofRoot.parts).toContain("# configuration file /etc/nginx/nginx.conf:");
  expect(ofRoot.parts).toMatch(/^== \/sys\/fs\/cgroup\/.*memory/m);
  expect(ofRoot.parts).toContain('"missing": {}');
  // Where the threads of each Python process are, and nothing of theirs in the place of another's.
  const stacks = ofRoot.parts.split(/^(?=== .*, PID \d+$)/m).slice(1);
  const stacksOf = async (name: string): Promise<string> => {
    const pid = await mainPid(container, name);
    return stacks.filter((text) => text.startsWith(`== ${name}, PID ${pid}\n`)).join("");
  };
  expect(await stacksOf("gunicorn")).toMatch(/most recent call first.*\/gunicorn\/arbiter\.py/s);
  expect(await stacksOf("celery-worker")).toMatch(/most recent call first.*\/celery\/worker\//s);
  expect(await stacksOf("celery-beat")).toMatch(/most recent call first.*\/celery\/beat\.py/s);
  expect(stacks.join("")).toMatch(/\/gunicorn\/workers\/sync\.py/);
  const nginx = await mainPid(container, "nginx");
  expect(await stacksOf("nginx")).toBe(`== nginx, PID ${nginx}\nno answer: no Python with djinit_stacks\n\n`);
  await serves(container);
  const ofDjinit = await take("djinit");
  expect(ofDjinit.names).toEqual(names);
  expect(ofDjinit.parts).toContain("no answer: kill EPERM");
  const ofDjango = await take("django");
  expect(ofDjango.parts).toContain("only root and user djinit may");
  expect(ofDjango.names).toEqual(expect.arrayContaining(["processes.txt", "metrics.txt"]));
  const key = await container.output(["sed", "s/^1 //;s/;$//", "/run/djinit/nginx-client-key.conf"], {
    user: "root",
  });
  expect(key.trim()).toMatch(/^[0-9a-f]{32}$/);
  for (const { parts } of [ofRoot, ofDjinit, ofDjango])
    expect([...SECRETS, key.trim()].filter((it) => parts.includes(it))).toEqual([]);
}, 120_000);

test("after a reload that finds new values PID 1 has no secret of the boot's either", async () => {
  await container.output(["sh", "-c", "echo more >> /run/planted/more"], { user: "root" });
  await container.signal("HUP");
  for (const target of ["gunicorn", "celery-worker", "celery-beat"])
    await container.record(
      `a new ${target}`,
      ({ msg }) => msg === `reloading ${target}: its environment has changed`,
      60_000,
    );
  await serves(container);
  await eventually(() => expectTheTable(), { what: "the table holds again", timeoutMs: 60_000 });
}, 180_000);

test("no process may leave a core file, and one that is made to crash leaves none", async () => {
  const read = "grep -h '^Max core file size' /proc/[0-9]*/limits";
  const soft = (await container.output(["sh", "-c", read], { user: "root" }))
    .split("\n")
    .map((line) => line.split(/\s+/)[4]);
  // The shell and grep have come with `docker exec`, and have the engine's limit.
  expect(soft.filter((limit) => limit === "0").length).toBeGreaterThan(SERVICES);
  expect(soft.filter((limit) => limit !== "0").length).toBeLessThanOrEqual(2);
  const before = await mainPid(container, "gunicorn");
  await container.output(["sh", "-c", "chown django /app; kill -SEGV $0", String(before)], { user: "root" });
  await eventually(async () => expect(await mainPid(container, "gunicorn")).not.toBe(before), {
    what: "another gunicorn",
    timeoutMs: 60_000,
  });
  await serves(container);
  expect(await container.output(["sh", "-c", "ls -a /app /tmp | grep core || true"])).toBe("");
}, 120_000);

test("a start that is refused for its secrets says what is wrong with them, and nothing of them", async () => {
  const spoil = [
    `printf '${APPLICATION.ofDirectory}\\0' > /run/planted/of_directory`,
    `echo '${APPLICATION.databaseUrl} ://' > /run/secrets/database-url`,
    `echo 'DATABASE_URL=${APPLICATION.broker}' >> /run/secrets/one.env`,
    `echo 'CELERY_CONCURRENCY=' > /run/secrets/two.env`,
    `echo '${APPLICATION.ofNamedFile}' > /run/planted/celery_concurrency`,
  ];
  await container.output(["sh", "-c", spoil.join(" && ")], { user: "root" });
  expect(await container.stop()).toBe(0);
  await docker("start it again", ["start", container.id]);
  const { problems } = await container.record(
    "the refusal",
    ({ code }) => code === "DJINIT_BAD_CONFIGURATION",
  );
  expect((problems as { variable: string }[]).map(({ variable }) => variable).sort()).toEqual([
    "CELERY_CONCURRENCY",
    "DATABASE_URL",
    "DATABASE_URL_FILE",
    "DJINIT_SECRETS_DIR",
  ]);
  const logs = await container.logs();
  expect(SECRETS.filter((it) => logs.includes(it))).toEqual([]);
});
