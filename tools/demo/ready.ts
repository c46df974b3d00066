import { setTimeout as delay } from "node:timers/promises";
import { tryDocker } from "../engine/docker.ts";
import type { DemoContainer } from "./plan.ts";

/** The first boot migrates an empty database, which takes long on a slow disk. */
const READY_TIMEOUT_MS = 120_000;
const POLL_MS = 200;

/**
 * Waits until a container is ready: its command exits with 0, or its published port answers over HTTP. A container with
 * neither counts as ready. Errors: no answer within 120 s.
 */
export async function waitUntilReady(container: DemoContainer, signal: AbortSignal): Promise<void> {
  const isReady = probeOf(container);
  const deadlineMs = performance.now() + READY_TIMEOUT_MS;
  while (!signal.aborted && !(await isReady())) {
    if (performance.now() > deadlineMs) {
      throw new Error(`cannot use ${container.name}: not ready within ${READY_TIMEOUT_MS / 1000} s`);
    }
    await delay(POLL_MS);
  }
}

function probeOf({ name, publish, readyCommand }: DemoContainer): () => Promise<boolean> {
  if (readyCommand !== undefined) {
    return async () => (await tryDocker(["exec", name, ...readyCommand], { apart: true })).ok;
  }
  if (publish !== undefined) return () => answers(`http://127.0.0.1:${publish}/`);
  return async () => true;
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000), redirect: "manual" });
    await response.body?.cancel();
    return response.status < 500;
  } catch {
    return false;
  }
}
