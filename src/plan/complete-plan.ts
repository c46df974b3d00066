// The draft of a plan, completed by what the boot finds out and opens. Pure.
import { portsVariable } from "./gunicorn.ts";
import { completeNginx, type NginxFacts } from "./nginx.ts";
import { SHARED_SOCKET } from "./paths.ts";
import type {
  AdminDescriptors,
  BootFacts,
  HeldSocket,
  HttpRequest,
  Plan,
  ServicePlan,
  StartedProcess,
  TlsPlan,
} from "./plan.ts";

export interface PlanFacts {
  /** The application's usual socket, where PID 1 holds it. */
  socketFd?: number | undefined;
  /** What nginx's files say. */
  nginx?: NginxFacts | undefined;
  /** gunicorn's process, where the boot has started it. */
  started?: StartedProcess | undefined;
  /** The exit status of that process, where it has ended already. */
  endStatus?: number | undefined;
  /** How the application is asked whether it is ready. */
  request?: Partial<HttpRequest>;
  lockFd?: number | undefined;
  boot?: BootFacts;
  adminFds?: AdminDescriptors;
  tls?: TlsPlan | undefined;
}

/** May be called several times, each time with the facts known so far. */
export function completePlan(plan: Plan, { lockFd, boot, adminFds, tls, ...facts }: PlanFacts): Plan {
  const ports = facts.nginx && portsVariable(facts.nginx.listens, plan.admin);
  return {
    ...plan,
    services: plan.services.map((service) => {
      if (service.readiness.kind === "http") return completeApplication(service, { ...facts, ports });
      if (service.name === "nginx" && facts.nginx)
        return completeBehind(completeNginx(service, facts.nginx), facts.request);
      return service;
    }),
    ...(lockFd === undefined ? {} : { lockFd }),
    ...(boot === undefined ? {} : { boot }),
    ...(adminFds === undefined ? {} : { adminFds }),
    ...(tls === undefined ? {} : { tls }),
  };
}

function completeBehind(plan: ServicePlan, request: Partial<HttpRequest> | undefined): ServicePlan {
  return plan.behind === undefined ? plan : { ...plan, behind: { ...plan.behind, ...request } };
}

function inheritedSocket(fd: number, { readiness }: ServicePlan): HeldSocket {
  const isShared = readiness.kind === "http" && readiness.socketPath === SHARED_SOCKET;
  return { kind: "inherited", fd, ...(isShared ? { leaves: SHARED_SOCKET } : {}) };
}

function completeApplication(
  plan: ServicePlan,
  {
    socketFd,
    started,
    endStatus,
    request,
    ports,
  }: Pick<PlanFacts, "socketFd" | "started" | "endStatus" | "request"> & {
    ports: Record<string, string> | undefined;
  },
): ServicePlan {
  const { readiness } = plan;
  const process = started ?? plan.started;
  return {
    ...plan,
    ...(readiness.kind === "http" ? { readiness: { ...readiness, ...request } } : {}),
    ...(ports === undefined ? {} : { environment: { ...plan.environment, ...ports } }),
    ...(socketFd === undefined
      ? {}
      : { sockets: { sockets: [inheritedSocket(socketFd, plan)], variable: "DJINIT_LISTEN_FDS" } }),
    ...(process === undefined
      ? {}
      : { started: { ...process, ...(endStatus === undefined ? {} : { endStatus }) } }),
  };
}
