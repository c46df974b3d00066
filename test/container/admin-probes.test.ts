import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { ADMIN_PORT, askAdmin } from "./admin-subject.ts";
import { mainPid, startCake, startReadyCake } from "./cake-subject.ts";
import { startProject } from "./project-subject.ts";

let cake: Container;
beforeAll(async () => {
  cake = await startReadyCake({
    env: { DJINIT_NGINX_PROBES: "1", DJINIT_DRAIN_DELAY: "6" },
    publish: [8000, ADMIN_PORT],
  });
});
afterAll(() => cake?.rm());

describe("a container that is ready", () => {
  test.each(["livez", "readyz", "startupz"])(
    "%s answers 200 on the admin port and through nginx",
    async (probe) => {
      const [direct, verbose] = await Promise.all([
        askAdmin(cake, `/${probe}`),
        askAdmin(cake, `/${probe}?verbose`),
      ]);
      expect(direct).toMatchObject({ status: 200, text: `${probe} passed\n` });
      const lines = verbose.text.trimEnd().split("\n");
      expect(lines).toHaveLength(3);
      expect(lines[0]).toMatch(/^\[\+\] gunicorn /);
      expect(lines[1]).toMatch(/^\[\+\] nginx /);
      const throughNginx = await http(await cake.url(`/-/${probe}?verbose`));
      expect(throughNginx).toMatchObject({ status: 200, text: verbose.text });
    },
  );

  test("nothing but GET and HEAD, and no page that changes anything", async () => {
    expect((await askAdmin(cake, "/readyz", { method: "HEAD" })).status).toBe(200);
    for (const method of ["POST", "PUT", "DELETE", "PATCH"])
      expect((await askAdmin(cake, "/readyz", { method })).status).toBe(405);
    for (const path of ["/restart", "/stop?service=nginx", "/status", "/logs", "/config", "/../etc/passwd"])
      expect((await askAdmin(cake, path)).status).toBe(404);
  });

  test("nginx passes the probes on and nothing else, and does not log them", async () => {
    for (const path of ["/-/metrics", "/-/", "/-/livez/x"])
      expect((await http(await cake.url(path))).status).toBe(404);
    const records = await cake.records();
    expect(records.filter(({ msg }) => /\/-\/(livez|readyz|startupz)\?verbose/.test(msg))).toEqual([]);
  });

  test("a client that opens hundreds of connections takes neither descriptors nor answers away", async () => {
    const flood = `import socket, time
for _ in range(400):
    try: s = socket.create_connection(("127.0.0.1", ${ADMIN_PORT}), timeout=1); globals()[f"s{_}"] = s
    except OSError: pass
time.sleep(8)`;
    const flooding = cake.exec(["python", "-c", flood]);
    await eventually(async () => (await cake.exec(["djinit", "health"])).ok, { what: "health" });
    const open = await cake.output(["sh", "-c", "ls /proc/1/fd | wc -l"], { user: "djinit" });
    expect(Number(open)).toBeLessThan(150);
    await flooding;
    await eventually(async () => (await askAdmin(cake, "/livez")).status === 200, { timeoutMs: 15_000 });
  });
});

test("connections that ask for nothing keep no probe from its answer", async () => {
  // They are opened again as they are closed, for as long as somebody asks.
  const holds = `import socket, time
held = []
end = time.time() + 15
while time.time() < end:
    held.append(socket.create_connection(("127.0.0.1", ${ADMIN_PORT})))
    if len(held) > 40: held.pop(0).close()
    if len(held) == 40: print("held", flush=True)
    time.sleep(0.005)`;
  const asks = `import urllib.request
answers = [urllib.request.urlopen("http://127.0.0.1:${ADMIN_PORT}/livez", timeout=2).status for _ in range(75)]
print(answers.count(200))`;
  const both = `python -c '${holds}' > /tmp/held & until grep -q held /tmp/held; do sleep 0.1; done; python -c '${asks}'; kill $!`;
  expect(await cake.output(["bash", "-c", both], { timeoutMs: 60_000 })).toBe("75");
});

test("DJINIT_ADMIN_ADDRESS: the port is there and nowhere else", async () => {
  await using local = await startReadyCake({
    env: { DJINIT_ADMIN_ADDRESS: "127.0.0.1" },
    publish: [8000, ADMIN_PORT],
  });
  await expect(askAdmin(local, "/livez")).rejects.toThrow();
  const asks = `import urllib.request; print(urllib.request.urlopen("http://127.0.0.1:${ADMIN_PORT}/livez").status)`;
  expect(await local.output(["python", "-c", asks])).toBe("200");

  await using wrong = await startCake({ env: { DJINIT_ADMIN_ADDRESS: "localhost" } });
  expect(await wrong.wait()).toBe(78);
  const told = await wrong.record("the address", ({ code }) => code === "DJINIT_BAD_CONFIGURATION");
  expect(told.msg).toContain(
    'DJINIT_ADMIN_ADDRESS is "localhost", which is not an IP address, such as 127.0.0.1',
  );
});

test("a dead service is not ready, but no reason to restart the container", async () => {
  await using broken = await startReadyCake({
    publish: [8000, ADMIN_PORT],
    env: { DJINIT_MAX_RESTARTS: "1000" },
  });
  const pid = await mainPid(broken, "gunicorn");
  await broken.output(["sh", "-c", 'mv "$(command -v gunicorn)" /tmp/away; kill -9 "$1"', "sh", String(pid)]);
  await eventually(async () => (await askAdmin(broken, "/readyz")).status === 503, { what: "not ready" });
  const { text } = await askAdmin(broken, "/readyz?verbose");
  expect(text).toMatch(/^\[-\] gunicorn is \w+(: .+)?\n\[\+\] nginx is running\nreadyz failed\n$/);
  expect((await askAdmin(broken, "/livez")).status).toBe(200);
  expect((await askAdmin(broken, "/startupz")).status).toBe(200);
});

test("before it has come up, startupz and readyz say so, and livez is content", async () => {
  await using slow = await startProject({
    fixture: "slow-import",
    command: ["app:application"],
    env: { SKIP_MIGRATIONS: "1" },
    publish: [ADMIN_PORT],
  });
  // The boot may have answered before.
  await eventually(
    async () => (await askAdmin(slow, "/startupz?verbose")).text.includes("[-] gunicorn is starting"),
    { what: "an answer while it starts", timeoutMs: 20_000, attach: () => slow.logs() },
  );
  expect((await askAdmin(slow, "/startupz")).status).toBe(503);
  expect((await askAdmin(slow, "/readyz")).status).toBe(503);
  expect((await askAdmin(slow, "/livez")).status).toBe(200);
});

test("the port can be switched off, and one that is taken is told and does no harm", async () => {
  await using none = await startReadyCake({ env: { DJINIT_ADMIN_PORT: "0" }, publish: [8000, ADMIN_PORT] });
  await expect(askAdmin(none, "/livez")).rejects.toThrow();
  expect((await none.exec(["djinit", "health"])).exitCode).toBe(0);
  // Not asked for: nginx passes nothing on.
  expect((await http(await none.url("/-/livez"))).status).toBe(404);

  await using second = await startCake({
    command: ["celery", "worker"],
    network: `container:${cake.name}`,
    publish: [],
  });
  const record = await second.record("the refusal", ({ code }) => code === "DJINIT_ADMIN_PORT_TAKEN");
  expect(record.msg).toContain(`port ${ADMIN_PORT}`);
  await eventually(async () => (await second.exec(["djinit", "health"])).ok, { timeoutMs: 30_000 });
});

test("while it drains it is not ready, and still serves and is alive", async () => {
  await cake.signal("TERM");
  await eventually(async () => (await askAdmin(cake, "/readyz")).status === 503, { what: "not ready" });
  expect((await askAdmin(cake, "/readyz?verbose")).text).toContain("[-] djinit is stopping the container");
  expect((await http(await cake.url("/-/readyz"))).status).toBe(503);
  expect((await http(await cake.url("/health/"))).status).toBe(200);
  expect((await askAdmin(cake, "/livez")).status).toBe(200);
  expect(await cake.wait()).toBe(0);
});
