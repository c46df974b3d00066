// The second life of PID 1: composition root. Nothing of the boot is loaded here.
import { closeSync, readFileSync } from "node:fs";
import { type Clock, systemClock } from "../base/clock.ts";
import { asDjinitError, type DjinitError } from "../base/errors.ts";
import { openSink } from "../logs/write/open-sink.ts";
import { logError, type OwnLog, openLog } from "../logs/write/own-log.ts";
import { keepRecent, RecentLines } from "../logs/write/recent-lines.ts";
import { RelayMetrics } from "../metrics/relay-metrics.ts";
import { forApplication } from "../plan/environment.ts";
import { descriptorsLeft } from "../plan/inherited-descriptors.ts";
import type { HandedOver, Plan } from "../plan/plan.ts";
import { closeOnExec, exitAtOnce, landlockVersion } from "../platform/libc.ts";
import { ageMs } from "../platform/process-usage.ts";
import { keepHeapSmall, keepMemorySmall } from "./memory/idle-memory.ts";
import { KilledProcesses } from "./memory/killed-processes.ts";
import { logMemoryEvent, systemMemory, watchMemory } from "./memory/memory-watch.ts";
import { sizeGunicorn } from "./memory/size-gunicorn.ts";
import { Reaper } from "./process/reaper.ts";
import { ApplicationWatch } from "./readiness/application-watch.ts";
import { watchServed } from "./reload/served-watch.ts";
import type { Service } from "./service.ts";
import { watchedSocketOf } from "./service-socket.ts";
import { takeSignals } from "./signals.ts";
import { type Lost, SocketWatch } from "./sockets/socket-watch.ts";
import { Supervisor } from "./supervisor.ts";
import type { PairKeeper } from "./tls/keep-pair.ts";
import type { VaultKeeper } from "./vault/vault-keeper.ts";

/** A stalled reader of stdout must not keep the container from ending. */
const FLUSH_TIMEOUT_MS = 2_000;

/** After an internal error: how long after the grace period the process ends in any case. */
const BACKSTOP_MS = 3_000;

/** How much more garbage a page of metrics leaves than a log record of the same length. */
const SCRAPE_WASTE = 4;

export interface SuperviseOptions {
  /** The descriptor of the file that the first life has handed over. */
  handedFd: number;
  /** Signals that came while this program was loading. */
  pendingSignals: NodeJS.Signals[];
  /** Opens the control socket, probes and metrics. */
  openAdmin: (subject: {
    supervisor: Supervisor;
    clock: Clock;
    log: OwnLog;
    recent: RecentLines;
    relayed: RelayMetrics | undefined;
    sockets: SocketWatch;
    vault: VaultKeeper | undefined;
    tls: PairKeeper | undefined;
  }) => void;
}

/** Runs the plan until it ends; then ends the process with the container's exit status. */
export async function supervise({ handedFd, pendingSignals, openAdmin }: SuperviseOptions): Promise<void> {
  const handed = JSON.parse(readFileSync(handedFd, "utf8")) as HandedOver;
  closeSync(handedFd);
  const { plan, environment } = handed;
  // A command that owns the terminal or the pipes has stdout to itself: djinit's own records go to stderr.
  const shared = plan.services.some(({ output }) => output === "inherit");
  const recent = new RecentLines();
  const stdio = shared ? openSink(2, "blocking", plan.logs) : openSink(1, "non-blocking", plan.logs);
  const sink = keepRecent(stdio, recent);
  const log = openLog(sink);
  // Descriptors that the boot left open for one service must not leak into others, and the lock is only PID 1's.
  for (const fd of descriptorsLeft(plan)) closeOnExec(fd, true);
  const reaper = new Reaper(plan.services.flatMap(({ started }) => started ?? []));
  reaper.start();

  const relayed = plan.admin.port === 0 ? undefined : new RelayMetrics(plan.admin.metricsHosts);
  const killed = new KilledProcesses();
  const sockets = new SocketWatch(systemClock, log);
  const vault = await keepVault(handed, log, () => supervisor.reload());
  const tls = await keepTls(plan, log);
  const supervisor = new Supervisor(plan, {
    clock: systemClock,
    sink,
    log,
    reaper,
    killed,
    ageMs: ageMs(),
    environment,
    lostSocket: lostSocketOf(sockets, watchApplication(plan, log)),
    ...(relayed === undefined ? {} : { observer: relayed }),
    readEnvironment: environmentReader(handed, vault, tls),
    reloaded: ({ name }, refused) => {
      if (name === "nginx") tls?.settle(refused);
    },
    settled: (isTaken) => vault?.settle(isTaken),
  });
  process.removeAllListeners("uncaughtException").on("uncaughtException", (thrown) => {
    const error = asDjinitError(thrown);
    logError(log, error);
    // The stop itself may be what is broken.
    systemClock.after(plan.gracePeriodMs + BACKSTOP_MS, () => exitAtOnce(error.endStatus));
    supervisor.stop("internal error", error.endStatus);
  });
  takeSignals(supervisor, pendingSignals);
  keepMemorySmall(
    {
      get written() {
        return sink.written + SCRAPE_WASTE * (relayed?.printed ?? 0);
      },
      trim: () => sink.trim(),
    },
    systemClock,
  );
  keepHeapSmall(sink, systemClock);
  const look = sizeGunicorn(plan, systemClock, log);
  watchMemory(systemMemory(killed), systemClock, (event) => logMemoryEvent(log, event), look);
  watchSockets(sockets, supervisor, reaper);
  const confined = supervisor.services.filter(({ plan: { confines } }) => confines !== undefined);
  if (confined.length > 0 && landlockVersion() > 0)
    watchServed(confined, systemClock, async (service) => {
      const refused = await supervisor.renew(service);
      if (refused !== undefined) logError(log, refused);
    });
  tls?.watch(systemClock, () => renewNginx(supervisor));
  openAdmin({ supervisor, clock: systemClock, log, recent, relayed, sockets, vault, tls });
  supervisor.start();

  const status = await supervisor.finished;
  await vault?.close();
  if (!shared) log.info({ exit_status: status }, `stopped, exit status ${status}`);
  await sink.flush(FLUSH_TIMEOUT_MS);
  exitAtOnce(status);
}

/** Where another container has it. */
function watchApplication({ services }: Plan, log: OwnLog): ApplicationWatch | undefined {
  const behind = services.find((service) => service.behind !== undefined)?.behind;
  return behind && new ApplicationWatch(behind, systemClock, log);
}

function lostSocketOf(sockets: SocketWatch, application: ApplicationWatch | undefined) {
  return ({ plan: { behind, readiness } }: Service): Lost | undefined => {
    const detail = behind && application?.missing;
    if (detail !== undefined) return { detail, hopeless: false };
    return readiness.kind === "http" ? sockets.lost(readiness.socketPath) : undefined;
  };
}

function watchSockets(watch: SocketWatch, supervisor: Supervisor, reaper: Reaper): void {
  for (const service of supervisor.services) {
    const socket = watchedSocketOf(service, reaper, supervisor.operations, supervisor.plan.run);
    if (socket !== undefined) watch.add(socket);
  }
}

async function keepVault(
  { plan, vault }: HandedOver,
  log: OwnLog,
  reload: () => void,
): Promise<VaultKeeper | undefined> {
  if (vault === undefined) return undefined;
  const { keepVault: keep } = await import("./vault/keep-vault.ts");
  return keep(vault, { clock: systemClock, log, reload, wasRoot: plan.supervisorUser !== undefined });
}

async function keepTls({ tls, supervisorUser }: Plan, log: OwnLog): Promise<PairKeeper | undefined> {
  if (tls === undefined) return undefined;
  const { keepPair } = await import("./tls/keep-pair.ts");
  return keepPair(tls, { log, wasRoot: supervisorUser !== undefined });
}

async function renewNginx(supervisor: Supervisor): Promise<DjinitError | undefined> {
  const nginx = supervisor.services.find(({ name }) => name === "nginx");
  return nginx && supervisor.renew(nginx);
}

/** Reads the services' environment from the files, and from Vault, anew at each call; and nginx's certificate. */
function environmentReader(
  { plan, environment }: HandedOver,
  vault: VaultKeeper | undefined,
  tls: PairKeeper | undefined,
): () => Promise<NodeJS.ProcessEnv> {
  let last = { environment, sources: plan.sources };
  return async () => {
    const { readFilesAgain } = await import("./reload/environment-files.ts");
    const read = readFilesAgain(last, plan.supervisorUser !== undefined, vault !== undefined);
    await vault?.resolve(read);
    tls?.take({ isAsked: true });
    last = read;
    return forApplication(last.environment, plan.bootOnly);
  };
}
