// What the tests of the verbs, probes and metrics ask of a container.
import type { ServiceStatus, Status } from "../../src/control/protocol.ts";
import type { Container } from "../support/docker.ts";
import { type HttpAnswer, type HttpOptions, http } from "../support/http.ts";

export const ADMIN_PORT = 9180;

/** What `djinit status --json` says. */
export async function statusOf(container: Container): Promise<Status> {
  return JSON.parse(await container.output(["djinit", "status", "--json"])) as Status;
}

/** One service of it. Errors: there is none of that name. */
export async function serviceOf(container: Container, name: string): Promise<ServiceStatus> {
  const { services } = await statusOf(container);
  const found = services.find(({ service }) => service === name);
  if (found === undefined) throw new Error(`cannot find ${name} in ${JSON.stringify(services)}`);
  return found;
}

/** Asks the admin port, which must be published. */
export async function askAdmin(
  container: Container,
  path: string,
  options: HttpOptions = {},
): Promise<HttpAnswer> {
  return http(`http://127.0.0.1:${await container.port(ADMIN_PORT)}${path}`, options);
}

/** The samples of /metrics, by name and labels as they are printed. */
export async function scrape(container: Container): Promise<Map<string, number>> {
  const { status, text } = await askAdmin(container, "/metrics");
  if (status !== 200) throw new Error(`cannot scrape ${container.name}: status ${status}\n${text}`);
  return readSamples(text);
}

export function readSamples(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split("\n")) {
    const match = /^([^#\s].*) (\S+)$/.exec(line);
    if (match !== null) samples.set(match[1] as string, Number(match[2]));
  }
  return samples;
}
