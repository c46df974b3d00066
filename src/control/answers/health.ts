import { checkHealth } from "../checks.ts";
import type { AdminContext } from "../context.ts";
import type { Health, Request } from "../protocol.ts";

export function health(_: Request, { supervisor }: AdminContext): Health {
  return checkHealth(supervisor);
}
