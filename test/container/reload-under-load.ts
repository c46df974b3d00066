// A web container with two workers that is reloaded and stopped while requests go.
import { expect } from "vitest";
import type { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { expectNothingLost, startLoad, underLoad } from "./steady-load.ts";

/** Errors: a request is lost, the workers are not new ones, or the container does not end with 0. */
export async function expectReloadAndStop(
  container: Container,
  meanwhile?: (container: Container) => Promise<void>,
): Promise<void> {
  const load = startLoad(container, 100);
  await underLoad(container);
  await meanwhile?.(container);
  const isBoot = ({ msg }: { msg: string }) => msg.startsWith("Booting worker");
  const booted = async () => (await container.records()).filter(isBoot).length;
  const before = await booted();
  await container.signal("HUP");
  await eventually(async () => (await booted()) >= before + 2, {
    what: "workers with the new code",
    timeoutMs: 20_000,
    attach: () => container.logs(),
  });
  const stopped = container.stop();
  expectNothingLost(await load.finish(), true);
  expect(await stopped).toBe(0);
}
