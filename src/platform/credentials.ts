// The user that a process runs as: accounts of the image, and the setpriv(1) prefix that turns root into one of them.
import { readFileSync } from "node:fs";
import { DjinitError } from "../base/errors.ts";
import { PROGRAMS } from "../base/programs.ts";
import { withFilesOf } from "./libc.ts";
import { effectiveCapabilities } from "./proc.ts";

export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/** The only capabilities that PID 1 keeps: those to start and signal children of other users. */
const SUPERVISOR_CAPABILITIES = "kill,setuid,setgid";

/** The capabilities that the boot needs as root; bit numbers from linux/capability.h. */
const BOOT_CAPABILITIES = { CHOWN: 0, KILL: 5, SETGID: 6, SETUID: 7, SETPCAP: 8 } as const;

/** An account from /etc/passwd. Errors: throws when the image has no such user. */
export function findAccount(name: string): Account {
  const account = accountOf(name);
  if (account === undefined) throw new Error(`cannot find user ${name} in /etc/passwd`);
  return account;
}

export function accountOf(name: string): Account | undefined {
  return accounts().find((it) => it.name === name);
}

/** What /etc/passwd calls a user, if it knows it. */
export function nameOf(uid: number): string | undefined {
  return accounts().find((it) => it.uid === uid)?.name;
}

function accounts(): Account[] {
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  return lines.map((line) => {
    const [name = "", , uid, gid] = line.split(":");
    return { name, uid: Number(uid), gid: Number(gid) };
  });
}

/** Runs `action` with the rights of `account`, without root's. Errors: those of `action`. */
export function actAs<T>({ name, uid, gid }: Account, action: () => T): T {
  return withGroupsOf({ name, gid }, () => {
    process.setegid?.(gid);
    process.seteuid?.(uid);
    try {
      return action();
    } finally {
      process.seteuid?.(0);
      process.setegid?.(0);
    }
  });
}

/** Runs `action`, which must not wait, with the rights to files of `account`, and all others of root's. Errors: those of `action`. */
export function withRightsOf<T>(account: Account, action: () => T): T {
  return withGroupsOf(account, () => withFilesOf(account, action));
}

/** Else what is group root's is open as well. Without CAP_SETGID, which the boot misses in its own words, it is. */
function withGroupsOf<T>({ name, gid }: Pick<Account, "name" | "gid">, action: () => T): T {
  const groups = process.getgroups?.() ?? [];
  const isChanged = setGroupsOf(name, gid);
  try {
    return action();
  } finally {
    if (isChanged) process.setgroups?.(groups);
  }
}

function setGroupsOf(user: string, gid: number): boolean {
  try {
    // Node's types lack it.
    (process as { initgroups?: (user: string, group: number) => void }).initgroups?.(user, gid);
    return true;
  } catch {
    return false;
  }
}

/**
 * The prefix of a command that makes it run as `user`, without capabilities and without a way to get any.
 * Errors: throws when the image has no such user.
 */
export function dropTo(user: string): string[] {
  return [
    PROGRAMS.setpriv,
    `--reuid=${user}`,
    // Not by name: the group of user `nobody` is called `nogroup`.
    `--regid=${findAccount(user).gid}`,
    "--init-groups",
    "--no-new-privs",
    "--inh-caps=-all",
    "--ambient-caps=-all",
    "--",
  ];
}

/** Words before a command of whoever has no root to give up: no capability is had, or to be had. */
export function dropNothing(): string[] {
  return [PROGRAMS.setpriv, "--no-new-privs", "--inh-caps=-all", "--ambient-caps=-all", "--"];
}

/** The prefix of the second life: it becomes user djinit, but can start and signal children of other users. */
export function dropToSupervisor(user: string): string[] {
  const keep = `-all,${SUPERVISOR_CAPABILITIES.replaceAll(/(\w+)/g, "+$1")}`;
  return [
    PROGRAMS.setpriv,
    `--reuid=${user}`,
    `--regid=${user}`,
    "--init-groups",
    "--no-new-privs",
    `--inh-caps=${keep}`,
    `--ambient-caps=${keep}`,
    `--bounding-set=${keep}`,
    "--",
  ];
}

/** Errors: DJINIT_MISSING_CAPABILITY names every capability that root lacks and the boot needs. */
export function requireBootCapabilities(): void {
  const held = effectiveCapabilities();
  const missing = Object.entries(BOOT_CAPABILITIES)
    .filter(([, bit]) => ((held >> BigInt(bit)) & 1n) === 0n)
    .map(([name]) => `CAP_${name}`);
  if (missing.length === 0) return;
  throw new DjinitError(
    "DJINIT_MISSING_CAPABILITY",
    `cannot give up root in order: ${missing.join(", ")} missing`,
    {
      fields: { missing },
    },
  );
}
