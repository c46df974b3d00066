// What root and PID 1 execute is not found on PATH: the application may write to a directory there.
import { expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { isReady, serves } from "./cake-subject.ts";
import { startProject } from "./project-subject.ts";

const DIRECTORY = "/planted";
const PATH = `${DIRECTORY}:/opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
const NAMES = "djinit setpriv choom ps nginx env bash sh ln cat node python gunicorn start-service".split(
  " ",
);
/** Each notes by whom it is run and goes on as the program it stands for. */
const PLANT = `set -e
chown django ${DIRECTORY}
touch ${DIRECTORY}/log && chmod 666 ${DIRECTORY}/log
for name in ${NAMES.join(" ")}; do
  printf '#!/bin/sh -p\\necho "%s $(/usr/bin/id -u)" >> ${DIRECTORY}/log\\nPATH=%s exec %s "$@"\\n' \\
    "$name" "\${PATH#*:}" "$name" > ${DIRECTORY}/$name
  chmod 755 ${DIRECTORY}/$name
done`;
/** Settings that take their time, so that a stop finds Django loading. */
const SLOW = {
  "/app/slow.py":
    "import subprocess\nsubprocess.run(['/bin/sleep', '60'])\nfrom cake_service.settings import *\n",
};

async function plantAndRestart(container: Container): Promise<void> {
  await container.output(["/bin/sh", "-c", `/bin/mkdir ${DIRECTORY}; ${PLANT}`], { user: "root" });
  await docker("restart", ["restart", "--time", "30", container.id]);
}

async function runBy(container: Container): Promise<string[]> {
  return [...new Set((await container.output(["/bin/cat", `${DIRECTORY}/log`])).split("\n"))].sort();
}

test("planted programs are run by user django alone: boot, health check, reload, stop", async () => {
  const env = { PATH, CAKE_DEBUG_ENDPOINTS: "1", CELERY_WORKER: "1" };
  await using container = await startProject({
    env,
    publish: [8000],
    more: ["--health-interval", "1s"],
  });
  await container.record("readiness", isReady, 60_000);
  await plantAndRestart(container);
  await serves(container);
  await eventually(async () => (await container.inspect()).State.Health?.Status === "healthy", {
    what: "a health check",
    timeoutMs: 60_000,
  });
  await container.signal("HUP");
  await container.record("a reload", ({ msg }) => msg === "reloading nginx", 60_000);
  const seen = await runBy(container);
  // The negative control: they are found where the application's own programs are looked for.
  expect(seen).toContain("gunicorn 104");
  expect(seen.filter((line) => !line.endsWith(" 104"))).toEqual([]);
  expect(await container.stop()).toBe(0);
});

test("nor by a stop that ends Django and what it has started", async () => {
  const env = { PATH, DJANGO_SETTINGS_MODULE: "slow" };
  await using container = await startProject({ env, files: SLOW });
  await container.output(["/bin/true"]);
  await plantAndRestart(container);
  // By the engine: what is run inside would be found on PATH too.
  const processes = () => docker("list processes", ["top", container.id]);
  await eventually(async () => (await processes()).includes("sleep 60"), {
    what: "Django loads",
    timeoutMs: 30_000,
    attach: () => container.logs(),
  });
  expect(await container.stop()).toBe(0);
  await docker("start", ["start", container.id]);
  const seen = await runBy(container);
  // Its process, or a fork of it, is the Python that loads them.
  expect(seen).toContain("gunicorn 104");
  expect(seen.filter((line) => !line.endsWith(" 104"))).toEqual([]);
});
