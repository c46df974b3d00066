// The first life of PID 1, with all of its libraries: composition root. Steps in their order, then the hand-over.
import { asDjinitError } from "../base/errors.ts";
import { EXIT_STATUS } from "../base/exit-status.ts";
import { refuseProblems } from "../config/problem.ts";
import { openBootLog } from "../logs/write/boot-log.ts";
import { openSink } from "../logs/write/open-sink.ts";
import { logError, type OwnLog } from "../logs/write/own-log.ts";
import type { Sink } from "../logs/write/sink.ts";
import { findPortProblem } from "../plan/admin.ts";
import { buildPlan, planLogs } from "../plan/build-plan.ts";
import { forApplication, ofService } from "../plan/environment.ts";
import { portsVariable } from "../plan/gunicorn.ts";
import { type NginxFacts, planNginx } from "../plan/nginx.ts";
import { DJANGO_USER, NGINX_USER } from "../plan/paths.ts";
import type { Plan } from "../plan/plan.ts";
import { dropTo, findAccount } from "../platform/credentials.ts";
import { leaveSignalsPending } from "../platform/early-signals.ts";
import type { Beginning, Begun } from "./begin.ts";
import type { Preparation } from "./context.ts";
import { beginDjangoSteps } from "./database/steps.ts";
import { gatherFacts } from "./facts.ts";
import { giveStdioTo } from "./files/command-stdio.ts";
import { ownMediaDirectories } from "./files/media-owner.ts";
import { gunicornFile } from "./gunicorn/file.ts";
import { handOver } from "./hand-over.ts";
import { writeNginxClients } from "./nginx/clients.ts";
import { checkNginx } from "./nginx/configuration.ts";
import { writeNginxProbes } from "./nginx/probes.ts";
import { writeNginxRoot } from "./nginx/root.ts";
import { stopOnSignals } from "./stop-signals.ts";

/** A reader of stdout that has stopped must not keep the container from ending. */
const FLUSH_TIMEOUT_MS = 2_000;

/** Boots and hands over; ends the process with a documented exit status when that cannot be. `pendingSignals` came before. */
export async function boot(begun: Begun, pendingSignals: NodeJS.Signals[]): Promise<void> {
  const { invocation, loaded, outcome } = begun;
  // A command that has stdout to itself keeps it clean, and shares it: no descriptor of its own is made non-blocking.
  const raw = invocation.role === "command" && loaded.config.commandOutput !== "json";
  const logs = planLogs(loaded.config);
  const sink = raw ? openSink(2, "blocking", logs) : openSink(1, "non-blocking", logs);
  const log = openBootLog(sink);
  const observer = gatherFacts();
  const signal = stopOnSignals(pendingSignals);
  try {
    for (const { variable, problem } of loaded.warnings) log.warn({ variable }, problem);
    if ("failure" in outcome) throw outcome.failure;
    const { beginning } = outcome;
    const { config, environment, sources } = loaded;
    const plan = await prepare(beginning, {
      invocation,
      config,
      environment,
      sources,
      sink,
      log,
      observer,
      signal,
    });
    if (invocation.role === "release") return await endRelease(sink, log);
    await sink.flush(FLUSH_TIMEOUT_MS);
    await leaveSignalsPending();
    signal.throwIfAborted();
    handOver(
      { ...plan, ...heldLock(beginning), boot: observer.facts },
      forApplication(environment, plan.bootOnly),
    );
  } catch (thrown) {
    process.exitCode =
      signal.aborted && thrown === signal.reason ? reportStop(log, signal) : reportFailure(log, thrown);
    await sink.flush(FLUSH_TIMEOUT_MS);
    process.exit();
  }
}

/** Everything that has to be true before a service starts. */
async function prepare(beginning: Beginning, preparation: Preparation): Promise<Plan> {
  const { isRoot, steps, outline, socketFd, gunicorn, place } = beginning;
  const { invocation, config, sources, signal } = preparation;
  if (isRoot && steps.ownMedia) ownMediaDirectories(config.appDirectory);
  const runAsPrefix = isRoot ? dropTo(DJANGO_USER) : [];
  const django = { ...preparation, runAsPrefix, keepsManifest: place.isFirst };
  const runDjangoSteps = beginDjangoSteps(django, steps.steps);
  if (place.isFirst) writeNginxProbes(outline.admin.nginxProbes);
  if (steps.nginx) writeNginxRoot(config.appDirectory);
  if (steps.nginx) writeNginxClients(config.trustedProxies);
  const checked = steps.nginx ? checkWebServer(outline, preparation.environment, isRoot) : undefined;
  // Before the database is changed: a file that nginx refuses must not be found out after a migration.
  const [nginx] = await Promise.all([checked, runDjangoSteps(Promise.resolve(checked))]);
  signal.throwIfAborted();
  const plan = buildPlan(invocation, config, isRoot, {
    sources,
    gunicorn: {
      socketFd,
      started: gunicorn?.open(portsVariable(nginx?.listens ?? [], outline.admin)),
      settles: gunicornFile("settles"),
    },
    ...(nginx === undefined ? {} : { nginx }),
  });
  for (const { output, user } of plan.services)
    if (output === "inherit" && user !== undefined) giveStdioTo(findAccount(user));
  return plan;
}

function heldLock({ place }: Beginning): Pick<Plan, "lockFd"> {
  return place.isFirst && place.lockFd !== undefined ? { lockFd: place.lockFd } : {};
}

async function checkWebServer(
  { admin, bootOnly }: Plan,
  environment: NodeJS.ProcessEnv,
  isRoot: boolean,
): Promise<NginxFacts> {
  // Which other variables its files ask for is what it is run for.
  const plan = planNginx({ globals: "", listens: [], variables: [] });
  const own = isRoot ? plan.environment : {};
  const inherited = ofService({ ...plan, environment: own }, forApplication(environment, bootOnly));
  const nginx = await checkNginx(isRoot ? dropTo(NGINX_USER) : [], inherited);
  refuseProblems(findPortProblem(admin, nginx));
  return nginx;
}

/** All that a job before a deployment is for has been done. */
async function endRelease(sink: Sink, log: OwnLog): Promise<never> {
  log.info({ exit_status: EXIT_STATUS.ok }, "released: every step of the boot is done");
  await sink.flush(FLUSH_TIMEOUT_MS);
  process.exit(EXIT_STATUS.ok);
}

function reportStop(log: OwnLog, { reason }: AbortSignal): number {
  log.info({ exit_status: EXIT_STATUS.ok }, `stopped during the boot: ${reason}`);
  return EXIT_STATUS.ok;
}

function reportFailure(log: OwnLog, thrown: unknown): number {
  const error = asDjinitError(thrown);
  logError(log, error);
  return error.endStatus;
}
