// What libpq reads and opens it does as the application's user, and the application may name any file.
import { DJANGO_USER } from "../../plan/paths.ts";
import { type Account, accountOf, actAs, withRightsOf } from "../../platform/credentials.ts";

/** Reads files with the application's rights where this process has root's. Errors: those of `read`, which say whose rights they were. */
export function readAsApplication<T>(read: () => T): T {
  const account = applicationAccount();
  if (account === undefined) return read();
  try {
    return withRightsOf(account, read);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "EACCES") throw error;
    throw Object.assign(new Error(`${message} (as user ${DJANGO_USER})`), { code });
  }
}

/** Begins something as the application's user: whoever listens at a socket may ask who has connected. Errors: those of `begin`. */
export function beginAsApplication<T>(begin: () => T): T {
  const account = applicationAccount();
  return account === undefined ? begin() : actAs(account, begin);
}

/** Undefined without root, and where djinit runs from its sources, where there is none to protect. */
function applicationAccount(): Account | undefined {
  return process.getuid?.() === 0 ? accountOf(DJANGO_USER) : undefined;
}
