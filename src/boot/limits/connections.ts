// How many connections nginx takes at once: it has to see that it runs out of them before it runs out of descriptors.
import { readFileSync } from "node:fs";

/** Enough for a container; with four times as many, idle nginx takes 2 MiB more. */
const MOST = 4_096;
/** Static files that are kept open, listeners, logs, bodies in files. */
const MOST_OTHERS = 600;
const SHARE_OF_OTHERS = 4;

/**
 * With no connection left nginx closes the one that has been idle for longest. With no descriptor left it takes nobody, for as long as
 * the idle ones last.
 */
export function connectionsFor(openFiles: number): number {
  return Math.min(MOST, openFiles - Math.min(MOST_OTHERS, Math.floor(openFiles / SHARE_OF_OTHERS)));
}

/** That of a process of this container: Node has raised its own to what it may have, and nginx inherits it. */
export function openFilesLimit(limits = readFileSync("/proc/self/limits", "latin1")): number {
  const soft = /^Max open files +(\d+) /m.exec(limits)?.[1];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
}
