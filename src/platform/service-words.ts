// The words before a service's command: whom it runs as, and its rank when memory runs out.
import { dropTo } from "./credentials.ts";
import { oomScoreAdjustment } from "./proc.ts";

/**
 * When memory runs out the kernel is to choose among the services, never PID 1. Only raising one's own score needs no
 * right, and Kubernetes starts containers with scores of up to 1000: the step is taken from PID 1's own.
 */
const VICTIM_STEP = 500;
const HIGHEST_SCORE = 1_000;

/** The command of a service that runs as `user`. Errors: throws when the image has no such user. */
export function asService(user: string | undefined, argv: readonly string[]): string[] {
  return [
    // Without an account to become, the privileges are at least kept from growing.
    ...(user === undefined ? ["setpriv", "--no-new-privs", "--"] : dropFor(user)),
    ...["choom", "--adjust", String(Math.min(HIGHEST_SCORE, oomScoreAdjustment() + VICTIM_STEP)), "--"],
    ...argv,
  ];
}

/** A command that keeps root keeps all of it. */
function dropFor(user: string): string[] {
  return user === "root" ? [] : dropTo(user);
}
