import { say } from "../engine/say.ts";
import {
  createNetwork,
  exitStatus,
  killContainers,
  removeAll,
  startContainer,
  stopContainers,
} from "./containers.ts";
import { type FollowedLogs, followLogs, showLogs } from "./logs.ts";
import type { DemoContainer, DemoPlan } from "./plan.ts";
import { waitUntilReady } from "./ready.ts";
import { aborted, type StopRequests } from "./stop-requests.ts";

interface Started {
  container: DemoContainer;
  /** Resolves when it has ended. */
  ended: Promise<Ended>;
}

interface Ended {
  container: DemoContainer;
  status: number;
}

/**
 * Runs a demo's containers until a stop is requested or one of them ends. Then stops djinit's in order and removes all.
 * Returns the first exit status that is not 0, or 0. Errors: a container cannot start or does not become ready.
 */
export async function runDemo(plan: DemoPlan, stop: StopRequests, announce: () => void): Promise<number> {
  const started: Started[] = [];
  try {
    if (plan.network) await createNetwork();
    const early = await startAll(plan, stop.first, started);
    if (early === undefined && !stop.first.aborted) announce();
    const logs = followOurs(plan, started);
    const ended = await Promise.race([aborted(stop.first), ...started.map((one) => one.ended)]);
    if (ended !== undefined) await tellEnd(ended, logs);
    const status = await stopOurs(
      started.filter(({ container }) => container !== ended?.container),
      stop,
    );
    await Promise.all(logs.values().map((log) => log.ended));
    return ended?.status || status;
  } catch (error) {
    for (const { container } of started) await showLogs(container.name, container.role);
    throw error;
  } finally {
    await removeAll();
  }
}

/** Starts the containers one after another, each when the previous one is ready. Returns those that have ended already. */
async function startAll(plan: DemoPlan, stop: AbortSignal, started: Started[]): Promise<Ended | undefined> {
  for (const container of plan.containers) {
    if (stop.aborted) return undefined;
    await startContainer(container, plan);
    started.push({ container, ended: exitStatus(container).then((status) => ({ container, status })) });
    const over = new AbortController();
    const ready = waitUntilReady(container, AbortSignal.any([stop, over.signal]));
    const ended = await Promise.race([ready, ...started.map((one) => one.ended)]);
    over.abort();
    if (ended !== undefined) return ended;
  }
  return undefined;
}

function followOurs(plan: DemoPlan, started: readonly Started[]): Map<string, FollowedLogs> {
  const ours = started.map(({ container }) => container).filter(({ isOurs }) => isOurs);
  return new Map(ours.map(({ name, role }) => [name, followLogs(name, plan.network ? role : undefined)]));
}

async function tellEnd({ container, status }: Ended, logs: Map<string, FollowedLogs>): Promise<void> {
  // Its last lines first. The log of a stand-in has not been shown so far.
  await (logs.get(container.name)?.ended ?? showLogs(container.name, container.role));
  say(`\n${container.name} ended by itself with exit status ${status}`);
}

async function stopOurs(started: readonly Started[], stop: StopRequests): Promise<number> {
  const ours = started.filter(({ container }) => container.isOurs);
  if (ours.length === 0) return 0;
  const containers = ours.map(({ container }) => container);
  say(`\nStopping ${containers.map(({ name }) => name).join(", ")} (Ctrl-C again kills)`);
  void aborted(stop.again).then(() => killContainers(containers));
  await stopContainers(containers);
  const ends = await Promise.all(ours.map(({ ended }) => ended));
  for (const { container, status } of ends) say(`${container.name} ended with exit status ${status}`);
  return ends.find(({ status }) => status !== 0)?.status ?? 0;
}
