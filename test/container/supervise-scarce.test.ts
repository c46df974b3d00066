// PID 1 in tight corners.
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { countStarts, mainPid, serves, startCake, startReadyCake } from "./cake-subject.ts";

test("with 64 descriptors every service starts, is restarted, reloaded and stopped", async () => {
  await using container = await startReadyCake({
    env: { CELERY_WORKER: "1", CELERY_BEAT: "1" },
    more: ["--ulimit", "nofile=64:64"],
  });
  await serves(container);
  for (let round = 2; round <= 4; round += 1) {
    const pid = await mainPid(container, "nginx");
    await container.output(["kill", "-9", String(pid)], { user: "root" });
    await eventually(async () => (await countStarts(container, "nginx")) === round, {
      what: "nginx is started again",
      timeoutMs: 20_000,
    });
    await serves(container);
  }
  await container.signal("HUP");
  await container.record("the reload", ({ msg }) => msg === "reloading celery-beat", 60_000);
  await eventually(async () => (await container.exec(["djinit", "health"])).ok, {
    what: "health",
    timeoutMs: 60_000,
    attach: () => container.logs(),
  });
  await serves(container);
  expect(await container.stop()).toBe(0);
  const severe = (await container.records()).filter(({ level }) => level === "fatal" || level === "error");
  expect(severe).toEqual([]);
});

test.each(["LC_ALL", "LC_CTYPE", "LANG"])("with %s set to a locale that the image lacks", async (name) => {
  await using container = await startReadyCake({ env: { [name]: "tr_TR" } });
  // Every line is a record: else this throws.
  expect((await container.records()).length).toBeGreaterThan(3);
  expect(await container.stderr()).toBe("");
  const environ = await container.output(["djinit", "sh", "-c", 'env | grep -E "^(LC_|LANG|DJINIT_)"']);
  expect(environ).toBe(`${name}=tr_TR`);
});

test("with stdin, and then stdout and stderr, closed", async () => {
  const closes = (which: string) => ["-c", `exec djinit cake_service.wsgi:application ${which}`];
  for (const which of ["<&-", "<&- >&- 2>&-"]) {
    await using container = await startHealthy(closes(which));
    await serves(container);
    expect(await container.stop()).toBe(0);
  }
});

async function startHealthy(command: string[]) {
  const container = await startCake({ entrypoint: "sh", command });
  await eventually(async () => (await container.exec(["djinit", "health"])).ok, {
    what: "health",
    timeoutMs: 60_000,
    attach: () => container.logs(),
  });
  return container;
}
