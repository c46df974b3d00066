import { checkHealth } from "../checks.ts";
import type { Subject } from "../context.ts";
import type { Health, Request } from "../protocol.ts";

export function health(_: Request, { supervisor }: Subject): Health {
  return checkHealth(supervisor);
}
