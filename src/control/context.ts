// What verbs and probes need in order to answer.
import type { Clock } from "../base/clock.ts";
import { DjinitError } from "../base/errors.ts";
import type { OwnLog } from "../logs/write/own-log.ts";
import type { RecentLines } from "../logs/write/recent-lines.ts";
import type { RelayMetrics } from "../metrics/relay-metrics.ts";
import { namedBy } from "../plan/processes/group.ts";
import type { Service } from "../supervise/service.ts";
import type { SocketWatch } from "../supervise/sockets/socket-watch.ts";
import type { Supervisor } from "../supervise/supervisor.ts";
import type { PairKeeper } from "../supervise/tls/keep-pair.ts";
import type { VaultKeeper } from "../supervise/vault/vault-keeper.ts";

export interface AdminContext {
  supervisor: Supervisor;
  clock: Clock;
  log: OwnLog;
  recent: RecentLines;
  sockets: SocketWatch;
  /** Keeps what Vault has lent; absent where no variable refers to it. */
  vault?: VaultKeeper | undefined;
  /** Keeps nginx's certificate; absent where it has none. */
  tls?: PairKeeper | undefined;
  /** Counters of the services' output; absent if there is no admin port. */
  relayed?: RelayMetrics | undefined;
}

/**
 * The service of that name, or all of an entry's of the Procfile. Errors: DJINIT_UNKNOWN_SERVICE names the services that there
 * are.
 */
export function findServices({ services }: Supervisor, name: string | undefined): Service[] {
  const found = namedBy(services, name);
  if (found.length > 0) return found;
  const names = services.map((service) => service.name).join(", ");
  throw new DjinitError(
    "DJINIT_UNKNOWN_SERVICE",
    `cannot find a service ${JSON.stringify(name)} in this container: there ${services.length === 1 ? "is" : "are"} ${names}`,
  );
}

/** Errors: DJINIT_REFUSED while the container stops, and for a command, since the container ends with it. */
export function refuseWhereItMayNot({ supervisor }: AdminContext, verb: string, service: Service): void {
  const refuse = (cause: string) =>
    new DjinitError("DJINIT_REFUSED", `cannot ${verb} ${service.name}: ${cause}`);
  if (supervisor.draining) throw refuse("the container is being stopped");
  if (service.plan.restart === "no")
    throw refuse("the container ends when its command does; stop or restart the container");
}
