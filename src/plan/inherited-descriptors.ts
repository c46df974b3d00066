// Descriptors that outlive a program: what the boot leaves open, and how a process is told of its listening sockets.
import type { Plan, ServicePlan, SocketPlan } from "./plan.ts";

/** The first descriptor after stdin, stdout and stderr. */
export const FIRST_FD = 3;

/** What tells a process that `count` sockets, from FIRST_FD on, are its own. */
export function socketVariables(variable: SocketPlan["variable"], count: number): Record<string, string> {
  if (count === 0) return {};
  const list = Array.from({ length: count }, (_, at) => `${FIRST_FD + at};`);
  return { [variable]: variable === "NGINX" ? list.join("") : String(count) };
}

/** Descriptors that the boot leaves open for a service. */
export function descriptorsOf({ sockets, started }: ServicePlan): number[] {
  const inherited = (sockets?.sockets ?? []).flatMap((socket) =>
    socket.kind === "inherited" ? socket.fd : [],
  );
  return started === undefined ? inherited : [...inherited, started.stdoutFd, started.stderrFd];
}

/** All descriptors that the boot leaves open. */
export function descriptorsLeft({ services, lockFd, adminFds }: Plan): number[] {
  const own = [lockFd, adminFds?.control, adminFds?.http];
  return [...services.flatMap(descriptorsOf), ...own.filter((fd) => fd !== undefined)];
}
