import { afterAll, beforeAll, expect, test } from "vitest";
import { sbomOf } from "../../tools/image/sbom.ts";
import { type Container, runContainer } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { runContext } from "../support/run-context.ts";

let container: Container;
beforeAll(async () => {
  container = await runContainer({
    image: runContext().images.djinit,
    command: ["sleep", "infinity"],
    network: "bridge",
    publish: [],
  });
});
afterAll(() => container?.rm());

const sh = (script: string, user = "root") => container.output(["sh", "-c", script], { user });

test("entry point, port, working directory, stop signal and health check are what users rely on", async () => {
  const text = await docker("inspect the image", ["image", "inspect", runContext().images.djinit]);
  const [{ Config: config }] = JSON.parse(text) as [{ Config: Record<string, unknown> }];
  expect(config).toMatchObject({
    Entrypoint: ["/usr/local/bin/djinit"],
    ExposedPorts: { "8000/tcp": {} },
    WorkingDir: "/app",
    StopSignal: "SIGTERM",
    Healthcheck: { Test: ["CMD", "/usr/local/bin/djinit", "health"] },
  });
  expect(config["Cmd"] ?? []).toEqual([]);
  expect(config["User"] ?? "").toBe("");
  const env = config["Env"] as string[];
  expect(env).toContain("PYTHONUNBUFFERED=1");
  expect(env.find((variable) => variable.startsWith("PATH="))).toMatch(/^PATH=\/opt\/venv\/bin:/);
});

test("there are no compilers, no npm, and no node but djinit's own, which is stripped", async () => {
  const tools = ["gcc", "g++", "cc", "c++", "make", "ld", "npm", "npx", "node", "corepack", "git", "curl"];
  expect(await sh(`for tool in ${tools.join(" ")}; do command -v $tool; done; true`)).toBe("");
  expect(await sh("find / -xdev -name node_modules")).toBe("");
  expect(await sh("/usr/local/lib/djinit/node --version")).toMatch(/^v26\./);
  const bytes = Number(await sh("stat -c %s /usr/local/lib/djinit/node"));
  expect(bytes).toBeLessThan(125 * 1024 * 1024);
});

test("V8's code of each bundle is there, as the build has kept it", async () => {
  const lib = "/usr/local/lib/djinit";
  const names = async (script: string): Promise<string[]> => (await sh(script)).split("\n").sort();
  const bundles = await names(`cd ${lib} && ls *.js | sed 's/.js$//' | grep -v '^main$'`);
  expect(bundles).toContain("boot");
  expect(bundles).not.toContain("precompile");
  expect(await names(`ls ${lib}/code/* | grep -v -e : -e '^$' | sort -u`)).toEqual(bundles);
  expect(await names(`ls ${lib}/code/second`)).toEqual([
    "dispatch",
    "environment-files",
    "exposition",
    "libc",
    "open-admin",
    "supervise",
  ]);
  expect(await sh(`find ${lib}/code ! -user root -o -perm /022`)).toBe("");
});

test("nothing is left of how it was made: no package lists, no caches, no logs", async () => {
  const rooms = [
    "/var/lib/apt/lists",
    "/var/cache/apt",
    "/root/.cache",
    "/tmp",
    "/var/tmp",
    "/var/log/nginx",
  ];
  // apt's locks are the base's: to remove them would leave a mark with the time of the build.
  expect(await sh(`find ${rooms.join(" ")} -type f ! -name lock 2>/dev/null; true`)).toBe("");
  expect(await sh("ls /usr/sbin/policy-rc.d 2>/dev/null; true")).toBe("");
  expect(await sh("find /var/log -type f -size +0 ! -name '*tmp' ! -name lastlog; true")).toBe("");
});

test("nothing runs as its owner whoever starts it", async () => {
  expect(await sh("find / -xdev -perm /6000 -type f")).toBe("");
});

test("it says which packages it is made of, and under which licences", async () => {
  const folder = "/usr/local/share/doc/djinit";
  const listed = await sh(`cat ${folder}/debian-packages.txt`);
  const asked = await sh(`dpkg-query --show --showformat='\${Package} \${Version} \${Architecture}\\n'`);
  expect(listed).toBe(asked);
  expect(listed).toMatch(/^nginx 1\.\S+ \w+$/m);
  expect(
    await sh(`head -n 1 ${folder}/node-license.txt; grep -c '^pg .*(MIT)$' ${folder}/licenses.txt`),
  ).toMatch(/^Node\.js is licensed.*\n1$/);
});

test("its bill of materials has what was installed, with the hashes of the lock", async () => {
  const { components } = JSON.parse(await sbomOf(runContext().images.djinit)) as {
    components: { name: string; version: string; purl: string; hashes?: object[] }[];
  };
  const of = (start: string) => components.filter(({ purl }) => purl.startsWith(start));
  expect(of("pkg:npm/").length).toBeGreaterThan(20);
  for (const { hashes } of of("pkg:npm/")) expect(hashes).toHaveLength(1);
  expect(of("pkg:npm/node-linux-")).toHaveLength(1);
  expect(of("pkg:pypi/gunicorn@27.")).toHaveLength(1);
  expect(of("pkg:deb/debian/").length).toBe(
    Number(await sh("wc -l < /usr/local/share/doc/djinit/debian-packages.txt")),
  );
});

test("users and groups have their ids, and nobody can log in", async () => {
  expect(await sh("id django; id nginx; id djinit")).toBe(
    [
      "uid=104(django) gid=107(django) groups=107(django)",
      "uid=105(nginx) gid=105(nginx) groups=105(nginx),107(django)",
      "uid=106(djinit) gid=106(djinit) groups=106(djinit),107(django)",
    ].join("\n"),
  );
  expect(await sh("grep -E '^(django|nginx|djinit):' /etc/passwd | cut -d: -f7 | sort -u")).toBe(
    "/usr/sbin/nologin",
  );
});

test("djinit's own files belong to root, and no user can change them", async () => {
  expect(await sh("find /usr/local /etc/nginx /etc/gunicorn /opt/venv ! -user root | head")).toBe("");
  expect(await sh("find / -xdev -type f -perm -002 | head")).toBe("");
});

test("gunicorn is there and pinned to 27; Django and celery are the project's", async () => {
  expect(await sh("gunicorn --version")).toMatch(/version 27\./);
  const installed = (await sh("pip list --format=freeze")).toLowerCase();
  expect(installed).not.toMatch(/^(django|celery)==/m);
  expect(await sh("python -c 'import sys; print(sys.prefix, sys.version_info[0])'")).toBe("/opt/venv 3");
});

test("pip installs, without leaving a cache", async () => {
  await container.output(["pip", "install", "--quiet", "--root-user-action=ignore", "sqlparse"]);
  expect(await sh("python -c 'import sqlparse; print(sqlparse.__file__)'")).toMatch(/^\/opt\/venv\/lib\//);
  expect(await sh("find / -xdev -path '*/.cache/pip*' | head -1")).toBe("");
});

test("nginx's configuration has its replaceable files in their places", async () => {
  const files = await sh("cd /etc/nginx && find nginx.conf conf.d -type f | sort");
  expect(files.split("\n")).toEqual(
    expect.arrayContaining([
      "nginx.conf",
      "conf.d/django.conf",
      "conf.d/django.conf.d/upstream.conf",
      expect.stringMatching(/^conf\.d\/django\.conf\.d\/locations\/.+\.conf$/),
      expect.stringMatching(/^conf\.d\/django\.conf\.d\/maps\/.+\.conf$/),
    ]),
  );
  expect(await sh("test -f /etc/gunicorn/config.py && echo there")).toBe("there");
});
