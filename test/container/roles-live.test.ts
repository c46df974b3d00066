// The example's page /live/ in a real browser: it shows what others bake, over a reload and the end of its container. And
// what ASGI's threads leave of the database's connections.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import type { Container } from "../support/docker.ts";
import { type Door, openDoor } from "../support/door.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { createDatabase, type Database } from "../support/postgres.ts";
import { startReadyCake } from "./cake-subject.ts";

const INSTALLATION_MS = 600_000;
/** Requests that are under way at once, and how often each of them. */
const [AT_ONCE, ROUNDS] = [20, 15];
/** Connections of celery's worker, and of who looks for baked cakes in each of gunicorn's. */
const OTHERS = 4;
const GOODBYES = ["1001", "1012"];

let browser: Browser;
let database: Database;

beforeAll(async () => {
  [browser, database] = await Promise.all([launchBrowser(), createDatabase()]);
}, INSTALLATION_MS);
afterAll(() => browser?.close());

/** Web and worker: a request to the one is a cake of the other. */
const start = (): Promise<Container> =>
  startReadyCake({
    command: ["cake_service.asgi:application"],
    env: { DATABASE_URL: database.url, CELERY_WORKER: "1", CAKE_BAKE_SECONDS: "0.1", WEB_CONCURRENCY: "2" },
  });

/** Bakes the cake by the API, as another client, and waits until the page shows it. Gives the text. */
async function seesBaked(page: Page, door: Door, id: number, times: number): Promise<string> {
  expect((await http(`${door.url}/api/cakes/${id}/bake/`, { method: "POST" })).status).toBe(202);
  const line = page.locator(`.oven li[data-cake="${id}"][data-count="${times}"]`);
  await line.waitFor({ timeout: 30_000 });
  return (await line.textContent()) ?? "";
}

/** Waits until the page has lost its connection in a good manner and has another one. */
async function comesBack(page: Page): Promise<void> {
  await page
    .locator('[data-connection="open"][data-closed]:not([data-closed="1006"])')
    .waitFor({ timeout: 30_000 });
  const code = await page.locator("[data-connection]").getAttribute("data-closed");
  expect(GOODBYES).toContain(code);
  await page.evaluate("delete document.querySelector('[data-connection]').dataset.closed");
}

/** Connections to the database, without the one that asks. */
async function connections(): Promise<number> {
  const [row] = await database.query<{ count: string }>(
    "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
  );
  return Number(row?.count);
}

/** Asks for what takes the database, and gives the most connections that were seen meanwhile. */
async function mostUnderLoad(door: Door): Promise<number> {
  let isOver = false;
  let most = 0;
  const watch = async () => {
    while (!isOver) most = Math.max(most, await connections());
  };
  const client = async () => {
    for (let round = 0; round < ROUNDS; round += 1)
      expect((await http(`${door.url}/api/cakes/`)).status).toBe(200);
  };
  const watching = watch();
  await Promise.all(Array.from({ length: AT_ONCE }, client)).finally(() => {
    isOver = true;
  });
  await watching;
  return most;
}

test("a page that is never loaded again shows each cake, over a reload and a new container", async () => {
  await using door = await openDoor();
  await using first = await start();
  door.leadTo(await first.port(8000));
  const page = await browser.newPage();
  await page.goto(`${door.url}/live/`);
  await page.locator(".empty").waitFor();
  await page.evaluate("window.isTheFirst = true");
  expect(await seesBaked(page, door, 1, 1)).toContain("baked once");

  // Django's threads: a request in hand may have a connection, and none stays behind.
  expect(await mostUnderLoad(door)).toBeLessThanOrEqual(AT_ONCE + OTHERS);
  await eventually(async () => (await connections()) <= OTHERS, {
    what: "the requests' connections to the database are closed",
    attach: async () => `${await connections()} are open`,
  });

  await first.signal("HUP");
  await comesBack(page);
  expect(await seesBaked(page, door, 1, 2)).toContain("baked 2 times");

  await using second = await start();
  door.leadTo(await second.port(8000));
  expect(await first.stop()).toBe(0);
  await comesBack(page);
  await seesBaked(page, door, 2, 1);
  // What was baked before it came here is there too.
  expect(await page.locator(".oven li").allTextContents()).toHaveLength(2);
  expect(await page.evaluate("window.isTheFirst")).toBe(true);
  expect(await second.stop()).toBe(0);
  await eventually(async () => (await connections()) === 0, { what: "no connection to the database" });
});
