import { DjinitError } from "../../base/errors.ts";
import type { AdminContext } from "../context.ts";
import type { Done, Request } from "../protocol.ts";

/** The same as SIGHUP. The log tells the result. */
export function reload(_: Request, { supervisor }: AdminContext): Done {
  if (supervisor.draining)
    throw new DjinitError("DJINIT_REFUSED", "cannot reload: the container is being stopped");
  supervisor.reload();
  return { ok: true, done: "reload asked for, checking each service first; the log says what comes of it" };
}
