// What a person sees.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import type { Container } from "../support/docker.ts";
import { createDatabase } from "../support/postgres.ts";
import { startReadyCake } from "./cake-subject.ts";

const PASSWORD = `"Käse" & $HOME`;
const INSTALLATION_MS = 600_000;

let browser: Browser;
let container: Container;

beforeAll(async () => {
  const { url } = await createDatabase();
  const env = {
    DATABASE_URL: url,
    SUPERUSER_PASSWORD: PASSWORD,
    SUPERUSER_USERNAME: "baker",
    CELERY_WORKER: "1",
    CAKE_BAKE_SECONDS: "0.1",
  };
  [browser, container] = await Promise.all([launchBrowser(), startReadyCake({ env })]);
}, INSTALLATION_MS);
afterAll(async () => {
  await browser?.close();
  await container?.rm();
});

async function open(path: string): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(await container.url(path));
  return page;
}

async function logIn(name: string, password: string): Promise<Page> {
  const page = await open("/admin/");
  await page.fill("#id_username", name);
  await page.fill("#id_password", password);
  await page.click("input[type=submit]");
  return page;
}

test("the superuser logs in at /admin/ and sees the cakes there", async () => {
  const page = await logIn("baker", PASSWORD);
  await page.waitForSelector("#user-tools");
  expect(await page.textContent("#user-tools")).toContain("baker");
  await page.click("text=Cakes");
  await page.waitForSelector("#result_list tbody tr");
});

test("negative control: with another password there is no way in", async () => {
  const page = await logIn("baker", `${PASSWORD}!`);
  await page.waitForSelector(".errornote");
  expect(await page.locator("#user-tools").count()).toBe(0);
});

test("the page at / shows every cake with its picture, styled", async () => {
  const page = await open("/");
  await page.waitForLoadState("load");
  const widths = "[...document.querySelectorAll('li.cake img')].map((image) => image.naturalWidth)";
  const pictures = await page.evaluate<number[]>(widths);
  expect(pictures.length).toBeGreaterThanOrEqual(5);
  expect(Math.min(...pictures)).toBeGreaterThan(0);
  const rules = "[...document.styleSheets].map(({ cssRules }) => cssRules.length)";
  const sheets = await page.evaluate<number[]>(rules);
  expect(sheets).toEqual([expect.any(Number)]);
  expect(sheets[0]).toBeGreaterThan(5);
});

test("a click on Bake is seen to be baked by the worker in the same container", async () => {
  const page = await open("/");
  const cake = page.locator("li.cake").first();
  expect(await cake.locator(".state").textContent()).toContain("not baked yet");
  await cake.locator("button.bake").click();
  await cake.locator('.state[data-state="baked"]').waitFor({ timeout: 30_000 });
  expect(await cake.locator(".state").textContent()).toBe("baked once");
  await page.reload();
  expect(await page.locator("[data-baked-total]").textContent()).toBe("1");
});
