// How the application is asked whether it is ready, by what its settings say. Pure.
import * as v from "valibot";
import { type Config, VARIABLES } from "../../config/variables.ts";
import type { HttpRequest } from "../../plan/plan.ts";
import type { SiteFacts } from "../schema/site.ts";

/** A name and a value as they may stand in a request. */
const HEADER = /^[A-Za-z0-9-]+: [\x21-\x7e]+$/;

export function readinessRequest(config: Config, site: SiteFacts | undefined): Partial<HttpRequest> {
  const host = config.readinessHost ?? allowedHost(site?.hosts ?? []);
  const header = site?.https.header?.join(": ");
  return {
    ...(host === undefined ? {} : { host }),
    ...(header === undefined || !HEADER.test(header) ? {} : { secureHeader: header }),
  };
}

/** Undefined: the usual one is as good. `.example.org` stands for example.org, too. */
function allowedHost(hosts: readonly string[]): string | undefined {
  if (["*", "localhost", ".localhost"].some((usual) => hosts.includes(usual))) return undefined;
  return hosts
    .map((host) => host.replace(/^\./, ""))
    .find((host) => v.is(VARIABLES.readinessHost.schema, host));
}
