// The rate at which a container answers, by Debian's wrk.
import { setTimeout as delay } from "node:timers/promises";
import { installPackages } from "../../tools/engine/apt.ts";
import { run } from "../../tools/engine/command.ts";
import type { Container } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";

export const CONNECTIONS = 32;
const MEASURED_SECONDS = 8;
/** What a start leaves to be done. */
const REST_MS = 3_000;

/** Waits until it answers, and asks as often as it can. Removes the container. */
export async function requestsPerSecond(container: Container, path: string): Promise<number> {
  const address = await docker("find the container's address", [
    "inspect",
    "--format",
    "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
    container.id,
  ]);
  // Not through a published port: the engine's proxy would be what is measured.
  const url = `http://${address.trim()}:8000${path}`;
  await eventually(async () => (await http(url)).status === 200, {
    what: "an answer",
    timeoutMs: 60_000,
    attach: () => container.logs(),
  });
  await delay(REST_MS);
  const words = ["--threads", "1", "--connections", String(CONNECTIONS)];
  const ran = await run("wrk", [...words, "--duration", `${MEASURED_SECONDS}s`, url], { timeoutMs: 60_000 });
  await container.rm();
  const rate = /^Requests\/sec:\s+([\d.]+)$/m.exec(ran.all)?.[1];
  if (rate === undefined || /Non-2xx/.test(ran.all)) throw new Error(`cannot measure requests: ${ran.all}`);
  return Number(rate);
}

/** Installs it where it is missing. */
export async function requireWrk(): Promise<void> {
  if (!(await run("wrk", ["--version"], { timeoutMs: 10_000 })).all.includes("wrk "))
    await installPackages(["wrk"]);
}
