// The name of a socket that PID 1 holds is removed or replaced while the container serves.
import { expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { statusOf } from "../support/records.ts";
import { ADMIN_PORT, askAdmin, serviceOf } from "./admin-subject.ts";
import { serves, startReadyCake } from "./cake-subject.ts";
import { startLoad, underLoad } from "./steady-load.ts";

const GUNICORN = "/run/gunicorn/gunicorn.sock";
const CONTROL = "/run/djinit/control.sock";
const PROBES = "/run/djinit/probes.sock";

const putBack = (container: Container, path: string, times: number) =>
  eventually(
    async () =>
      (await container.records()).filter(({ msg }) => msg.startsWith(`${path} had been `)).length === times,
    { what: `${path} is put back`, timeoutMs: 20_000, attach: () => container.logs() },
  );

test("gunicorn's: under load the service goes on with the same processes, and readiness tells the truth", async () => {
  await using cake = await startReadyCake({
    publish: [8000, ADMIN_PORT],
    env: { DJINIT_NGINX_PROBES: "1", GUNICORN_CMD_ARGS: "--workers 2" },
  });
  const before = [await serviceOf(cake, "gunicorn"), await serviceOf(cake, "nginx")];
  const identity = await cake.output(["stat", "-c", "%i %a %U:%G", GUNICORN]);
  const load = startLoad(cake, 100);
  await underLoad(cake);
  const faults = [
    `rm ${GUNICORN}`,
    `rm ${GUNICORN}; touch ${GUNICORN}`,
    `ln -sf /nowhere ${GUNICORN}`,
    `python -c "import socket, os; os.unlink('${GUNICORN}'); s = socket.socket(socket.AF_UNIX); s.bind('${GUNICORN}')"`,
  ];
  for (const [at, fault] of faults.entries()) {
    await cake.output(["bash", "-c", fault], { user: at % 2 === 0 ? "root" : "django" });
    await putBack(cake, GUNICORN, at + 1);
    await serves(cake);
    expect(await cake.output(["stat", "-c", "%i %a %U:%G", GUNICORN])).toBe(identity);
    expect((await askAdmin(cake, "/readyz")).status).toBe(200);
  }
  await load.finish();
  for (const { service, pid } of before)
    expect(await serviceOf(cake, service)).toMatchObject({ pid, restarts: 0 });
  const warned = (await cake.records()).filter(({ msg }) => msg.includes("had been"));
  expect(warned.map(({ level }) => level)).toEqual(Array(faults.length).fill("warn"));
  expect(await cake.stop()).toBe(0);
});

test("every probe tells it at once, before PID 1 has looked", async () => {
  await using cake = await startReadyCake();
  // In one breath: the next look of PID 1 may be a moment away. Once in a thousand times it comes between.
  const script = `import json, os, socket, urllib.request
s = socket.socket(socket.AF_UNIX)
s.connect("${CONTROL}")
os.unlink("${GUNICORN}")
s.sendall(b'{"verb":"health"}\\n')
health = json.loads(s.makefile().read())
try: status = urllib.request.urlopen("http://127.0.0.1:${ADMIN_PORT}/readyz").status
except urllib.error.HTTPError as error: status = error.code
print(json.dumps([health["ready"], health["live"], health["checks"][0]["detail"], status]))`;
  const tell = async () =>
    JSON.parse(await cake.output(["python", "-c", script], { user: "root" })) as unknown;
  const lost = [false, true, `has lost its socket: ${GUNICORN} has been removed`, 503];
  let told = await tell();
  if (JSON.stringify(told) !== JSON.stringify(lost)) {
    await putBack(cake, GUNICORN, 1);
    told = await tell();
  }
  expect(told).toEqual(lost);
});

test("gunicorn's own, where PID 1 does not hold it: gunicorn is started anew, and makes it again", async () => {
  await using cake = await startReadyCake();
  for (const verb of ["stop", "start"])
    await cake.output(["djinit", verb, "gunicorn"], { timeoutMs: 60_000 });
  await serves(cake);
  const { pid } = await serviceOf(cake, "gunicorn");
  await cake.output(["rm", GUNICORN], { user: "django" });
  await putBack(cake, GUNICORN, 1);
  await eventually(async () => (await serviceOf(cake, "gunicorn")).ready, { timeoutMs: 60_000 });
  await serves(cake);
  expect((await serviceOf(cake, "gunicorn")).pid).not.toBe(pid);
});

test("what cannot be put back is not ready, says why, and in the end not alive either", async () => {
  await using cake = await startReadyCake({
    publish: [8000, ADMIN_PORT],
    env: { DJINIT_NGINX_PROBES: "1" },
  });
  await cake.output(["sh", "-c", `rm ${GUNICORN}; mkdir ${GUNICORN}`], { user: "django" });
  await eventually(
    async () => /cannot be put back: .*directory/.test((await askAdmin(cake, "/readyz")).text),
    {
      what: "the cause",
      timeoutMs: 20_000,
    },
  );
  expect((await http(await cake.url("/-/readyz"))).status).toBe(503);
  expect((await cake.exec(["djinit", "health"])).exitCode).toBe(1);
  await eventually(async () => (await askAdmin(cake, "/livez")).status === 503, { timeoutMs: 30_000 });
  expect((await cake.records()).filter(({ msg }) => msg.startsWith("cannot put back"))).toHaveLength(1);
  await cake.output(["rmdir", GUNICORN], { user: "django" });
  await serves(cake);
  expect((await askAdmin(cake, "/livez")).status).toBe(200);
});

test("PID 1's own", async () => {
  await using cake = await startReadyCake({ env: { DJINIT_NGINX_PROBES: "1" } });
  for (const [path, works] of [
    [CONTROL, async () => (await cake.exec(["djinit", "health"])).ok],
    [PROBES, async () => (await http(await cake.url("/-/readyz"))).status === 200],
  ] as const) {
    const identity = await cake.output(["stat", "-c", "%a %U:%G", path]);
    const faults = [`rm ${path}`, `rm ${path}; touch ${path}`, `rm ${path}; mkdir ${path}`];
    for (const [at, fault] of faults.entries()) {
      await cake.output(["sh", "-c", fault], { user: "djinit" });
      await putBack(cake, path, at + 1);
      await eventually(works, { what: `${path} answers`, timeoutMs: 20_000 });
      expect(await cake.output(["stat", "-c", "%a %U:%G", path])).toBe(identity);
    }
  }
  expect((await cake.records()).filter((record) => statusOf(record) === 502)).toEqual([]);
});
