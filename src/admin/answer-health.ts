import { checkHealth } from "./checks.ts";
import type { Health, Request } from "./protocol.ts";
import type { Subject } from "./subject.ts";

export function health(_: Request, { supervisor }: Subject): Health {
  return checkHealth(supervisor);
}
