// The first life of PID 1: composition root. Steps in their order, then the hand-over.
import { asDjinitError } from "../base/errors.ts";
import { EXIT_STATUS } from "../base/exit-status.ts";
import { loadConfig } from "../config/load.ts";
import { refuseProblems } from "../config/problem.ts";
import { openBootLog } from "../logs/boot-log.ts";
import { logError, type OwnLog } from "../logs/own-log.ts";
import { openSink, type Sink } from "../logs/sink.ts";
import { findPortProblem } from "../plan/admin.ts";
import { planBoot } from "../plan/boot-steps.ts";
import { buildPlan, findProblems, planLogs } from "../plan/build-plan.ts";
import { forApplication, identityOf, withoutBootSecrets } from "../plan/environment.ts";
import type { NginxFacts } from "../plan/nginx.ts";
import { DJANGO_USER, NGINX_USER } from "../plan/paths.ts";
import type { Plan } from "../plan/plan.ts";
import { readCommand } from "../plan/role.ts";
import { dropTo, findAccount, requireBootCapabilities } from "../platform/credentials.ts";
import { leaveSignalsPending } from "../platform/early-signals.ts";
import { openApplicationSocket } from "./application-socket.ts";
import { gatherFacts } from "./boot-facts.ts";
import { giveStdioTo } from "./command-stdio.ts";
import { requireCeleryCommand, requireCommands, requireUsers } from "./commands.ts";
import { findUrlProblems } from "./database-url.ts";
import { beginDjangoSteps } from "./django-steps.ts";
import { handOver } from "./hand-over.ts";
import { ownMediaDirectories } from "./media-owner.ts";
import { checkNginx } from "./nginx-configuration.ts";
import { writeNginxProbes } from "./nginx-probes.ts";
import type { Preparation } from "./preparation.ts";
import { makeRuntimeDirectories } from "./runtime-directories.ts";
import { stopOnSignals } from "./stop-signals.ts";

/** A reader of stdout that has stopped must not keep the container from ending. */
const FLUSH_TIMEOUT_MS = 2_000;

export interface BootOptions {
  /** The image's CMD. */
  words: string[];
  /** Signals that came while this was being loaded. */
  pendingSignals: NodeJS.Signals[];
}

/** Boots and hands over; ends the process with a documented exit status when that cannot be. */
export async function boot({ words, pendingSignals }: BootOptions): Promise<void> {
  const invocation = readCommand(words);
  const loaded = loadConfig(process.env);
  // A command that has stdout to itself keeps it clean, and shares it: no descriptor of its own is made non-blocking.
  const raw = invocation.role === "command" && loaded.config.commandOutput !== "json";
  const logs = planLogs(loaded.config);
  const sink = raw ? openSink(2, "blocking", logs) : openSink(1, "non-blocking", logs);
  const { log, facts } = gatherFacts(openBootLog(sink));
  const signal = stopOnSignals(pendingSignals);
  try {
    for (const { variable, problem } of loaded.warnings) log.warn({ variable }, problem);
    const { config, problems } = loaded;
    refuseProblems([...problems, ...findUrlProblems(config), ...findProblems(invocation, config)]);
    const plan = await prepare({
      invocation,
      config,
      environment: loaded.environment,
      sources: loaded.sources,
      sink,
      log,
      signal,
    });
    if (invocation.role === "release") return await endRelease(sink, log);
    await sink.flush(FLUSH_TIMEOUT_MS);
    await leaveSignalsPending();
    signal.throwIfAborted();
    handOver({ ...plan, boot: facts }, loaded.environment);
  } catch (thrown) {
    process.exitCode =
      signal.aborted && thrown === signal.reason ? reportStop(log, signal) : reportFailure(log, thrown);
    await sink.flush(FLUSH_TIMEOUT_MS);
    process.exit();
  }
}

/** Everything that has to be true before a service starts. */
async function prepare(preparation: Preparation): Promise<Plan> {
  const { invocation, config, environment, sources, signal } = preparation;
  const isRoot = process.getuid?.() === 0;
  const steps = planBoot(invocation, config);
  const outline = buildPlan(invocation, config, isRoot, { sources });
  requireUsers(outline);
  requireCommands(outline, environment);
  requireCeleryCommand(invocation);
  if (isRoot) requireBootCapabilities();
  makeRuntimeDirectories(isRoot);
  if (isRoot && steps.ownMedia) ownMediaDirectories();
  const dropWords = isRoot ? dropTo(DJANGO_USER) : [];
  const runDjangoSteps = beginDjangoSteps({ ...preparation, dropWords }, steps.steps);
  writeNginxProbes(outline.admin.nginxProbes);
  // Before the database is changed: a file that nginx refuses must not be found out after a migration.
  const nginx = steps.nginx ? await checkWebServer(environment, isRoot) : undefined;
  refuseProblems(findPortProblem(outline.admin, nginx));
  signal.throwIfAborted();
  await runDjangoSteps();
  signal.throwIfAborted();
  const applicationSocketFd =
    nginx === undefined ? undefined : openApplicationSocket(invocation.words, config, isRoot);
  const facts = { sources, applicationSocketFd, ...(nginx === undefined ? {} : { nginx }) };
  const plan = buildPlan(invocation, config, isRoot, facts);
  for (const { output, user } of plan.services)
    if (output === "inherit" && user !== undefined) giveStdioTo(findAccount(user));
  return plan;
}

function checkWebServer(environment: NodeJS.ProcessEnv, isRoot: boolean): Promise<NginxFacts> {
  const inherited = forApplication(withoutBootSecrets(environment));
  if (!isRoot) return checkNginx([], inherited);
  return checkNginx(dropTo(NGINX_USER), { ...inherited, ...identityOf(NGINX_USER) });
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
  return error.exitStatus;
}
