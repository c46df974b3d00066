// Ports of djinit's variables at which nginx is to listen twice.
import { basename } from "node:path";
import type { Problem } from "../../config/problem.ts";
import { VARIABLES } from "../../config/variables.ts";
import { NGINX_PROXY_PROTOCOL_FILE, NGINX_TLS_FILE } from "../../plan/paths.ts";

const VARIABLE_OF: Readonly<Record<string, string>> = {
  [basename(NGINX_TLS_FILE)]: VARIABLES.tlsPort.name,
  [basename(NGINX_PROXY_PROTOCOL_FILE)]: VARIABLES.proxyProtocolPort.name,
};

/** `lines`: what nginx says of its files. */
export function findPortsTwice(lines: readonly string[]): Problem[] {
  return lines.flatMap((line) => {
    const [, port = "", file = ""] = /duplicate listen \S*?:(\d+) in (\S+):\d+$/.exec(line) ?? [];
    const variable = VARIABLE_OF[basename(file)];
    if (variable === undefined) return [];
    const problem = `${variable} is ${port}, where nginx listens already: give it another port`;
    return [{ variable, value: port, problem }];
  });
}
