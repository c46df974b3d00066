// The rate at which a container answers, by Debian's wrk.
import { availableParallelism } from "node:os";
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
const MS_OF_UNIT: Record<string, number> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

export interface Load {
  requestsPerSecond: number;
  /** 0 where nothing was answered. */
  p50Ms: number;
  p99Ms: number;
}

export interface LoadOptions {
  connections: number;
  seconds: number;
  headers?: Record<string, string>;
  /** On the last processor alone, so that it does not wander among those that serve. */
  isPinned?: boolean;
}

/** Waits until it answers, and asks as often as it can. Removes the container. */
export async function requestsPerSecond(container: Container, path: string): Promise<number> {
  const url = await directUrl(container, path);
  await eventually(async () => (await http(url)).status === 200, {
    what: "an answer",
    timeoutMs: 60_000,
    attach: () => container.logs(),
  });
  await delay(REST_MS);
  const load = await askOften(url, { connections: CONNECTIONS, seconds: MEASURED_SECONDS });
  await container.rm();
  return load.requestsPerSecond;
}

/** At the container's own address. Not through a published port: the engine's proxy would be what is measured. */
export async function directUrl(container: Container, path: string): Promise<string> {
  const address = await docker("find the container's address", [
    "inspect",
    "--format",
    "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
    container.id,
  ]);
  return `http://${address.trim()}:8000${path}`;
}

/** Asks as often as that many connections can. Errors: an answer was no success, or wrk failed. */
export async function askOften(url: string, options: LoadOptions): Promise<Load> {
  const { connections, headers = {}, isPinned = false, seconds } = options;
  const words = ["wrk", "--threads", "1", "--connections", String(connections), "--latency"];
  for (const [name, value] of Object.entries(headers)) words.push("--header", `${name}: ${value}`);
  // More than any answer takes: else wrk would count what is late as lost.
  words.push("--timeout", "30s", "--duration", `${seconds}s`, url);
  const pinned = isPinned ? ["taskset", "--cpu-list", String(availableParallelism() - 1), ...words] : words;
  const [command = "", ...args] = pinned;
  return readLoad((await run(command, args, { timeoutMs: (seconds + 60) * 1000 })).all);
}

/** What wrk has printed. Errors: it has counted an answer that was no success, or printed no rate. */
export function readLoad(text: string): Load {
  const rate = /^Requests\/sec:\s+([\d.]+)$/m.exec(text)?.[1];
  if (rate === undefined || /Non-2xx/.test(text)) throw new Error(`cannot measure requests: ${text}`);
  const percentileMs = (percent: number): number => {
    const [, value, unit = ""] =
      new RegExp(`^\\s+${percent}%\\s+([\\d.]+)(us|ms|s|m)$`, "m").exec(text) ?? [];
    return Number(value ?? 0) * (MS_OF_UNIT[unit] ?? 0);
  };
  return { requestsPerSecond: Number(rate), p50Ms: percentileMs(50), p99Ms: percentileMs(99) };
}

/** Installs it where it is missing. */
export async function requireWrk(): Promise<void> {
  if (!(await run("wrk", ["--version"], { timeoutMs: 10_000 })).all.includes("wrk "))
    await installPackages(["wrk"]);
}
