// What happens to variables on their way into a container: quotes and line breaks that belong to the value, names that Kubernetes takes.
import type { Environment } from "./sources/sources.ts";
import { VARIABLES } from "./variables.ts";

/** In which quotes at both ends, or a line break, are nobody's intention. */
const NAMES_AND_PASSWORDS: string[] = [
  VARIABLES.settingsModule.name,
  VARIABLES.superuserPassword.name,
  VARIABLES.superuserUsername.name,
  VARIABLES.superuserEmail.name,
  VARIABLES.celeryApp.name,
  VARIABLES.appModule.name,
];
const QUOTED = /^(["']).*\1$/s;

/** What follows the name in a sentence about it. */
export function slipIn(name: string, given: string): string | undefined {
  if (!NAMES_AND_PASSWORDS.includes(name)) return undefined;
  if (QUOTED.test(given))
    return "is in quotes, which belong to its value: `docker run --env-file` keeps them; leave them out";
  if (/[\r\n]$/.test(given))
    return "ends with a line break, as a secret does that was made by `echo`: leave it out (`echo -n`, `printf`)";
  return undefined;
}

/** What Kubernetes says in NAME_PORT of a Service that is called NAME. */
const SERVICE_LINK = /^(tcp|udp|sctp):\/\/[\d.:[\]a-f]+:\d+$/;
const OF_A_SERVICE =
  "; Kubernetes sets it for a Service of that name: give the pod `enableServiceLinks: false`, or the Service another name";
/** Its other names: NAME_SERVICE_PORT_HTTP, NAME_PORT_8000_TCP_ADDR. */
const LINK_NAME = /^(DJINIT_\w+?)_(?:SERVICE_(?:HOST|PORT)|PORT)(?:_|$)/;
const OWN_LINK = /^DJINIT_(SERVICE|PORT)(_|$)/;

/** What goes on a sentence about a bad value; empty: it is not of Kubernetes'. */
export function sayServiceLink(value: string): string {
  return SERVICE_LINK.test(value) ? OF_A_SERVICE : "";
}

/** Kubernetes sets them for a Service that is called djinit, or djinit-web. */
export function isServiceLink(name: string, environment: Environment): boolean {
  const service = LINK_NAME.exec(name)?.[1];
  return OWN_LINK.test(name) || (service !== undefined && `${service}_SERVICE_HOST` in environment);
}
