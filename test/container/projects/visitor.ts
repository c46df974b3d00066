// What people do with a project: they look at the page, upload, log in, ask for tasks.
import { expect } from "vitest";
import type { Container } from "../../support/docker.ts";
import { eventually } from "../../support/eventually.ts";
import { type HttpAnswer, http } from "../../support/http.ts";
import { targetOf } from "../../support/records.ts";

export const PASSWORD = "correct horse battery staple";
const TASK_TIMEOUT_MS = 40_000;

/** The page. Errors: it is not there. */
export async function lookAtPage(web: Container): Promise<string> {
  const { status, text } = await http(await web.url());
  expect(status, text).toBe(200);
  expect(text).toContain("<h1>Board</h1>");
  return text;
}

/** The stylesheet that the page names, as a browser would fetch it: nginx answers, and the application is not asked. */
export async function fetchStylesheet(web: Container): Promise<void> {
  const [, href = ""] = /<link rel="stylesheet" href="([^"]+)"/.exec(await lookAtPage(web)) ?? [];
  expect(href).toMatch(/^\/.*board.*\.css$/);
  const { status, headers, text } = await http(await web.url(href));
  expect(status, href).toBe(200);
  expect(headers["content-type"]).toMatch(/^text\/css(;|$)/);
  expect(text).toMatch(/^h1 \{\s+color: #7a3b0c;\s+\}\s*$/);
  const request = await web.record("the stylesheet", (record) => targetOf(record) === href);
  expect(request, "who answered").toMatchObject({ service: "nginx", http: { upstream: { duration: null } } });
}

/** Uploads a file and fetches it where the page says that it is. */
export async function upload(web: Container): Promise<void> {
  const content = `flour, sugar and ${web.name}`;
  const part = (head: string, body: string) =>
    `--edge\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`;
  const body = `${part('name="text"', "a recipe")}${part('name="attachment"; filename="recipe.txt"', content)}--edge--\r\n`;
  const headers = {
    "content-type": "multipart/form-data; boundary=edge",
    "content-length": Buffer.byteLength(body),
  };
  const added = await http(await web.url("/notes/"), { method: "POST", headers, body });
  expect(added.status, added.text).toBe(201);
  const { attachment } = JSON.parse(added.text) as { attachment: string };
  expect(await lookAtPage(web)).toContain(`href="${attachment}"`);
  const fetched = await http(await web.url(attachment));
  expect([fetched.status, fetched.text], attachment).toEqual([200, content]);
  expect(fetched.headers["content-type"]).toMatch(/^text\/plain(;|$)/);
}

/** Logs in, and sees the admin's first page. */
export async function logIn(web: Container, login: string): Promise<void> {
  const form = await http(await web.url("/admin/login/"));
  expect(form.status, form.text).toBe(200);
  const [, token = ""] = /name="csrfmiddlewaretoken" value="([^"]+)"/.exec(form.text) ?? [];
  const body = new URLSearchParams({
    csrfmiddlewaretoken: token,
    username: login,
    password: PASSWORD,
    next: "/admin/",
  });
  const entered = await http(await web.url("/admin/login/"), {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", cookie: cookiesOf(form) },
    body: body.toString(),
  });
  expect([entered.status, entered.headers.location], "the login").toEqual([302, "/admin/"]);
  const index = await http(await web.url("/admin/"), { headers: { cookie: cookiesOf(entered) } });
  expect(index.status).toBe(200);
  expect(index.text).toContain("Site administration");
}

function cookiesOf({ headers }: HttpAnswer): string {
  return (headers["set-cookie"] ?? []).map((cookie) => cookie.split(";")[0]).join("; ");
}

/** Asks for a task and waits until it has run. */
export async function askForTask(web: Container, worker: Container): Promise<void> {
  const before = await runsFor(web, "visitor");
  const asked = await http(await web.url("/runs/"), { method: "POST" });
  expect(asked.status, asked.text).toBe(202);
  await waitForRuns(web, "visitor", before, worker);
}

/** Waits until beat has asked for a task, and it has run. */
export async function waitForBeat(web: Container, beat: Container): Promise<void> {
  await waitForRuns(web, "beat", await runsFor(web, "beat"), beat);
}

async function runsFor(web: Container, asker: string): Promise<number> {
  const { status, text } = await http(await web.url("/runs/"));
  expect(status, text).toBe(200);
  return (JSON.parse(text) as Record<string, number>)[asker] ?? 0;
}

async function waitForRuns(web: Container, asker: string, before: number, whose: Container): Promise<void> {
  await eventually(async () => (await runsFor(web, asker)) > before, {
    what: `a task for ${asker}`,
    timeoutMs: TASK_TIMEOUT_MS,
    intervalMs: 200,
    attach: () => whose.logs(),
  });
}
