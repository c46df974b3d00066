// What is asked of a container whose boot takes long: verbs, probes, metrics and HUP.
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { createDatabase } from "../support/postgres.ts";
import { ADMIN_PORT, askAdmin, readSamples, statusOf } from "./admin-subject.ts";
import { isReady } from "./cake-subject.ts";
import { buildProject } from "./project-image.ts";
import { startProject } from "./project-subject.ts";

const SLOW = { DJANGO_SETTINGS_MODULE: "troubled.settings", TROUBLE: "slow", TROUBLE_SECONDS: "15" };
const WEB = ["cake_service.wsgi:application"];
const isHalfWay = ({ msg }: { msg: string }) => msg === "half-way";
const MIGRATING =
  /is booting: migrate for \d+ s, \d+ of \d+ migrations applied, troubled\.0002_trouble is being applied/;

/** With the image's manifest djinit knows what is pending; else Django says so. */
const WAYS = [
  ["with a manifest", true],
  ["without one", false],
] as const;

async function slowBoot(hasManifest: boolean): Promise<Container> {
  const { url } = await createDatabase();
  const image = hasManifest
    ? await buildProject({ fixture: "troubled", settings: "troubled.settings" })
    : undefined;
  const container = await startProject({
    command: WEB,
    env: { ...SLOW, DATABASE_URL: url },
    publish: [ADMIN_PORT],
    ...(image === undefined ? { fixture: "troubled" } : { image }),
  });
  await container.record("half-way", isHalfWay, 60_000);
  // A boot that is over within a second answers nobody.
  await eventually(async () => (await container.exec(["djinit", "status", "--json"])).exitCode === 0, {
    what: "the boot answers",
    attach: () => container.logs(),
  });
  return container;
}

/** The statuses of a probe that is asked again and again until `isOver`. */
async function askOn(container: Container, path: string, isOver: () => boolean): Promise<number[]> {
  const statuses: number[] = [];
  while (!isOver()) {
    statuses.push((await askAdmin(container, path)).status);
    await pause(5);
  }
  return statuses;
}

test.each(WAYS)(
  "a long migration: everything answers, from one life to the next; %s",
  async (_, hasManifest) => {
    await using container = await slowBoot(hasManifest);

    const { boot, ...status } = await statusOf(container);
    expect(status).toMatchObject({ role: "web", ready: false, services: [] });
    expect(status.reasons.join()).toMatch(MIGRATING);
    expect(boot?.step).toBe("migrate");
    expect(boot?.migrations?.current).toBe("troubled.0002_trouble");
    expect(boot?.migrations?.applied).toBe((boot?.migrations?.total ?? 0) - 1);
    const table = await container.exec(["djinit", "status"]);
    expect(table).toMatchObject({ ok: true });
    expect(table.stdout).toMatch(/^not ready: djinit is booting: migrate/);

    const health = await container.exec(["djinit", "health"]);
    expect(health.exitCode).toBe(1);
    expect(health.stdout).toMatch(MIGRATING);
    expect(await container.exec(["djinit", "health", "--live"])).toMatchObject({ ok: true, stdout: "live" });
    const refused = await container.exec(["djinit", "restart", "gunicorn"]);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(/cannot restart now: djinit is booting: migrate/);

    expect((await askAdmin(container, "/livez")).status).toBe(200);
    for (const probe of ["/readyz", "/startupz"]) {
      const { status: code, text } = await askAdmin(container, probe);
      expect(code).toBe(503);
      expect(text).toMatch(MIGRATING);
    }
    const samples = readSamples((await askAdmin(container, "/metrics")).text);
    expect(samples.get('djinit_migrations{state="pending"}')).toBe(1);
    expect(samples.get("djinit_ready")).toBe(0);
    expect(samples.get("djinit_live")).toBe(1);

    await container.signal("HUP");
    await container.record("the reload is remembered", ({ msg }) => msg.includes("follows the boot"));

    let isUp = false;
    const probes = ["/livez", "/startupz"].map((path) => askOn(container, path, () => isUp));
    await container.record("readiness", isReady, 90_000);
    isUp = true;
    const [live = [], started = []] = await Promise.all(probes);
    expect(live.length).toBeGreaterThan(20);
    expect(new Set(live)).toEqual(new Set([200]));
    expect(new Set(started)).toEqual(new Set([503, 200]));
    await container.record("the reload", ({ msg }) => msg.startsWith("reload asked for, checking"));

    // The second life has the control socket, too: it puts it back when it is lost.
    const after = await statusOf(container);
    expect(after.boot).toBeUndefined();
    expect(after.services.map(({ service }) => service)).toEqual(["gunicorn", "nginx"]);
    await container.output(["rm", "/run/djinit/control.sock"], { user: "root" });
    await container.record("the socket is put back", ({ msg }) =>
      msg.includes("control.sock had been removed: put back"),
    );
    expect((await statusOf(container)).role).toBe("web");
    expect(await container.stop()).toBe(0);
  },
);

test("a release that waits for a database says so, and stops at once", async () => {
  await using container = await startProject({
    command: ["release"],
    env: { DATABASE_URL: "postgres://cook:secret@127.0.0.1:1/cakes" },
  });
  await eventually(async () => (await container.exec(["djinit", "status"])).ok, {
    what: "it answers",
    timeoutMs: 20_000,
    attach: () => container.logs(),
  });
  await eventually(
    async () =>
      /waiting: 127\.0\.0\.1:1\/cakes: connection refused/.test((await statusOf(container)).reasons.join()),
    { what: "the reason", timeoutMs: 10_000 },
  );
  const { role, reasons, boot } = await statusOf(container);
  expect({ role, step: boot?.step }).toEqual({ role: "release", step: "wait-for-database" });
  expect(reasons.join()).not.toContain("secret");
  // Only root and djinit's own user may ask.
  const asked = await container.exec(["djinit", "status"], { user: "django" });
  expect(asked.stderr).toContain("only root and user djinit may");
  await container.signal("HUP");
  await container.record("HUP", ({ msg }) => msg === "reload ignored: a release has no services");
  expect(await container.stop()).toBe(0);
});
