// Where the container's cgroup is, and those above it that can be seen. A limit of any of them holds.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Place {
  /** Where the cgroups are mounted. */
  mount: string;
  /** What the kernel says of the process: /proc/self/cgroup. */
  own: string;
}

export const HERE: Place = { mount: "/sys/fs/cgroup", own: "/proc/self/cgroup" };

/** A directory for each controller is version 1's. */
export type Controller = "cpu" | "cpuacct" | "memory";

/**
 * The directories, the container's own first. With a namespace of its own, and under version 1, an engine mounts the container's
 * where the root would be; with the host's namespace (`--cgroupns=host`) the whole tree is there.
 */
export function levelsOf(controller: Controller, place: Place = HERE): string[] {
  const v1 = join(place.mount, controller);
  const isV1 = existsSync(v1);
  const base = isV1 ? v1 : place.mount;
  const path = ownPath(readText(place.own), isV1 ? controller : "");
  // `..`: another namespace's view.
  if (path.includes("..") || !existsSync(join(base, path))) return [base];
  const levels = [];
  for (let at = path; at !== "/" && at !== "."; at = dirname(at)) levels.push(join(base, at));
  return [...levels, base];
}

/** A line is `NUMBER:CONTROLLERS:PATH`; version 2's names no controller. */
function ownPath(text: string, controller: string): string {
  for (const line of text.split("\n")) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path !== undefined && controllers?.split(",").includes(controller)) return path;
  }
  return "/";
}

/** Empty where it cannot be read. */
export function readText(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
