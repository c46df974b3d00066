// The words in which a server is named: a shell, Python or nothing before it.
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { parseRecords } from "../support/records.ts";
import { isReady, startCake, startReadyCake } from "./cake-subject.ts";

const BEHIND_NGINX = ["gunicorn", "nginx"];

test.each([
  [["cake_service.wsgi"]],
  [["/bin/sh", "-c", "exec gunicorn cake_service.wsgi --bind 0.0.0.0:8000 --workers 1"]],
  [["python", "-m", "gunicorn", "cake_service.wsgi"]],
])("%j is web: nginx, gunicorn and the boot's steps, without a warning", async (command) => {
  await using cake = await startReadyCake({ command });
  expect((await http(await cake.url("/health/"))).status).toBe(200);
  const records = await cake.records();
  const started = records.flatMap(({ msg }) => /^(\S+) started$/.exec(msg)?.[1] ?? []);
  expect(started.sort()).toEqual(BEHIND_NGINX);
  expect(records.some(({ service, msg }) => service === "migrate" || msg.includes("migrat"))).toBe(true);
  expect(records.filter(({ level }) => ["warn", "error", "fatal"].includes(level))).toEqual([]);
});

test("celery behind a shell and Python is a worker", async () => {
  const command = ["/bin/sh", "-c", "python -m celery -A cake_service worker -l info"];
  await using worker = await startCake({ command, publish: [] });
  const { msg } = await worker.record("readiness", isReady, 60_000);
  expect(msg).toContain("role worker");
});

test("a line that a shell has to read runs as it is, with one warning that says what to write", async () => {
  const command = ["/bin/sh", "-c", "exec gunicorn cake_service.wsgi --bind 0.0.0.0:$PORT"];
  await using cake = await startCake({ command, env: { PORT: "8000" } });
  const ours = async () => parseRecords((await cake.stderr()).replaceAll(/^\[.*\n/gm, ""));
  await eventually(async () => (await ours()).some(({ msg }) => msg === "command started"), {
    what: "it runs",
    timeoutMs: 60_000,
  });
  const warnings = (await ours()).filter(({ level }) => level === "warn");
  expect(warnings).toMatchObject([{ service: "djinit", variable: "CMD" }]);
  expect(warnings[0]?.msg).toContain('write CMD ["cake_service.wsgi"]');
});
