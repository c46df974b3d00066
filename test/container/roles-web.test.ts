import { expect, test } from "vitest";
import { type Container, runContainer } from "../support/docker.ts";
import { http } from "../support/http.ts";
import { processTable } from "../support/proc.ts";
import { runContext } from "../support/run-context.ts";
import { mainPid, serves, startReadyCake } from "./cake-subject.ts";

const APPLICATION = "cake_service.wsgi:application";

/** The words gunicorn was started with, behind its own name. */
async function gunicornWords(container: Container): Promise<string[]> {
  const pid = await mainPid(container, "gunicorn");
  const { argv = [] } = (await processTable(container)).find((process) => process.pid === pid) ?? {};
  return argv.slice(argv.findIndex((word) => word.endsWith("/gunicorn")) + 1);
}

const CONFIG = ["--config", "/etc/gunicorn/config.py"];

test("an application as CMD, with options of gunicorn's", async () => {
  await using container = await startReadyCake({ command: [APPLICATION, "--workers", "2"] });
  await serves(container);
  expect(await gunicornWords(container)).toEqual([APPLICATION, "--workers", "2", ...CONFIG]);
});

test("`gunicorn …` as CMD is the same", async () => {
  await using container = await startReadyCake({ command: ["gunicorn", "--threads", "3", APPLICATION] });
  await serves(container);
  expect(await gunicornWords(container)).toEqual(["--threads", "3", APPLICATION, ...CONFIG]);
});

test("options only are for gunicorn; APP_MODULE names the application, with a warning", async () => {
  await using container = await startReadyCake({
    command: ["--workers", "1"],
    env: { APP_MODULE: APPLICATION },
  });
  await serves(container);
  expect(await gunicornWords(container)).toEqual(["--workers", "1", APPLICATION, ...CONFIG]);
  const warning = await container.record("a warning", ({ variable }) => variable === "APP_MODULE");
  expect(warning).toMatchObject({ level: "warn", service: "djinit" });
  expect(warning.msg).toContain("APP_MODULE is deprecated");
});

test("no application at all is a clear error, before anything starts", async () => {
  await using container = await runContainer({ image: runContext().images.djinit, publish: [] });
  expect(await container.wait()).toBe(78);
  const records = await container.records();
  expect(records).toHaveLength(1);
  expect(records[0]).toMatchObject({ level: "error", code: "DJINIT_BAD_CONFIGURATION", exit_status: 78 });
});

test("WEB_CONCURRENCY and GUNICORN_CMD_ARGS reach gunicorn, GUNICORN_ACCESS_LOGS lets it log requests", async () => {
  await using container = await startReadyCake({
    env: { WEB_CONCURRENCY: "3", GUNICORN_CMD_ARGS: "--name cakes", GUNICORN_ACCESS_LOGS: "1" },
  });
  await serves(container, "/health/?logged");
  const master = await mainPid(container, "gunicorn");
  const workers = (await processTable(container)).filter(({ ppid }) => ppid === master);
  expect(workers).toHaveLength(3);
  const logged = await container.record(
    "gunicorn's access log",
    ({ service, msg }) => service === "gunicorn" && msg.includes("/health/?logged"),
  );
  expect(logged.level).toBe("info");
});

test("it serves from a read-only root with an empty /run", async () => {
  await using container = await startReadyCake({
    tmpfs: ["/run", "/tmp"],
    more: ["--read-only", "--volume", "/app/data"],
  });
  const page = await http(await container.url("/"));
  expect(page.status).toBe(200);
  const picture = /src="(\/static\/[^"]+)"/.exec(page.text)?.[1];
  expect((await http(await container.url(picture))).status).toBe(200);
});
