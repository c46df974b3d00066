import { ensureEngine } from "../../tools/engine/engine.ts";
import { removeDeadRuns, removeRun, removeRunAtOnce } from "./cleanup.ts";
import { buildTestImages } from "./images.ts";
import { createNetwork } from "./network.ts";
import { startPostgres } from "./postgres.ts";
import { publishRunContext, type RunContext } from "./run-context.ts";
import { runIdOf } from "./run-id.ts";

/**
 * Makes what all container tests share: images, a network, a Postgres server. Returns what removes everything that the
 * run has made. Errors: no engine, a build that fails.
 */
export async function prepareRun({
  makeImages = buildTestImages,
  withPostgres = true,
}: {
  makeImages?: () => Promise<RunContext["images"]>;
  withPostgres?: boolean;
} = {}): Promise<() => Promise<void>> {
  await ensureEngine();
  await removeDeadRuns();
  const runId = runIdOf(process.pid) ?? `${process.pid}-0`;
  const teardown = removalOf(runId);
  try {
    const context: RunContext = { runId, images: await makeImages(), network: await createNetwork(runId) };
    publishRunContext(context);
    if (!withPostgres) return teardown;
    const { server } = await startPostgres();
    publishRunContext({ ...context, postgres: server });
  } catch (error) {
    await teardown();
    throw error;
  }
  return teardown;
}

function removalOf(runId: string): () => Promise<void> {
  let isRemoved = false;
  // Ctrl-C ends vitest without a teardown.
  process.once("exit", () => {
    if (!isRemoved) removeRunAtOnce(runId);
  });
  return async () => {
    await removeRun(runId);
    isRemoved = true;
  };
}
