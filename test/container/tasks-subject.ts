// A Django 6 project whose tasks are in the database (test/fixtures/django-tasks), and what people do with it.
import { join } from "node:path";
import { IMAGE_VERSION } from "../../tools/image/image.ts";
import { buildOnBase } from "../../tools/image/replaced-base.ts";
import type { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { runContext } from "../support/run-context.ts";
import { askAdmin } from "./admin-subject.ts";

const CONTEXT = join(import.meta.dirname, "../fixtures/django-tasks");
const COMES_UP_MS = 90_000;

/** Returns the tag. */
export async function buildTasksProject(): Promise<string> {
  const tag = `djinit-test-django-tasks:${IMAGE_VERSION}`;
  await buildOnBase({ tag, context: CONTEXT, base: runContext().images.djinit });
  return tag;
}

/** Returns the task's number. */
export async function enqueue(web: Container, query: string): Promise<string> {
  const { status, text } = await http(await web.url(`/enqueue?${query}`), { method: "POST" });
  if (status !== 202) throw new Error(`${status}: ${text}`);
  return (JSON.parse(text) as { id: string }).id;
}

export async function statusOfTask(web: Container, id: string): Promise<string> {
  const { text } = await http(await web.url(`/result?id=${id}`));
  return (JSON.parse(text) as { status: string }).status;
}

export async function hasStatus(web: Container, id: string, status: string): Promise<void> {
  await eventually(async () => (await statusOfTask(web, id)) === status, {
    what: `task ${id} is ${status}`,
    timeoutMs: COMES_UP_MS,
    intervalMs: 300,
    attach: () => web.logs(),
  });
}

/** Waits until a probe answers so. Returns what it says. */
export function answers(container: Container, probe: "readyz" | "livez", status: number): Promise<string> {
  return eventually(
    async () => {
      const answer = await askAdmin(container, `/${probe}?verbose`);
      if (answer.status !== status) throw new Error(answer.text);
      return answer.text;
    },
    {
      what: `${probe} ${status}`,
      timeoutMs: COMES_UP_MS,
      intervalMs: 300,
      attach: () => container.logs(),
    },
  );
}
