// The first life of PID 1: composition root. Every step in its order, then the hand-over.
import { asDjinitError } from "../base/errors.ts";
import { EXIT_STATUS } from "../base/exit-status.ts";
import { refuseProblems } from "../config/problem.ts";
import { logError } from "../logs/write/own-log.ts";
import { findPortProblem } from "../plan/admin.ts";
import { draftPlan, findProblems, planAnswering } from "../plan/build-plan.ts";
import { completePlan } from "../plan/complete-plan.ts";
import { forApplication, ofService } from "../plan/environment.ts";
import { portsVariable } from "../plan/gunicorn.ts";
import type { NginxDump } from "../plan/nginx.ts";
import { DJANGO_USER, mediaDirectories, NGINX_USER } from "../plan/paths.ts";
import type { Plan, ServicePlan } from "../plan/plan.ts";
import { placePlan } from "../plan/run-directory.ts";
import { tellReplaced } from "../plan/servers/plan-web-server.ts";
import { dropTo, findAccount } from "../platform/credentials.ts";
import { leaveSignalsPending } from "../platform/early-signals.ts";
import { exitAtOnce } from "../platform/libc.ts";
import { requireCeleryCommand, requireCommands, requireUsers } from "./commands.ts";
import { type BootContext, openContext } from "./context.ts";
import { settingsOfManage } from "./django/named-settings.ts";
import { type EarlyPython, startPython } from "./early-python.ts";
import { findAppDirectoryProblems, findLineDirectoryProblems } from "./files/app-directory.ts";
import { giveHome } from "./files/own-home.ts";
import { giveDjinitDirectory, type RunDirectory } from "./files/runtime-directories.ts";
import type { Place } from "./first-djinit.ts";
import { answerWhileBooting, layGround } from "./ground.ts";
import { gunicornFile, hasProjectFile } from "./gunicorn/file.ts";
import { openApplicationSocket } from "./gunicorn/socket.ts";
import { type GivenPair, readGivenPair } from "./nginx/given-pair.ts";
import { findUrlProblems } from "./postgres/url-problems.ts";
import type { LaterAnswers } from "./status/answer-later.ts";
import { askVault, referringVariables } from "./vault/ask-vault.ts";
import type { OpenVault } from "./vault/open-vault.ts";

type SecondHalf = typeof import("./second-half.ts");

/** A reader of stdout that has stopped must not keep the container from ending. */
const FLUSH_TIMEOUT_MS = 2_000;

/** Boots and hands over; ends the process with a documented exit status when that cannot be. */
export async function boot(argv: string[], place: Place, pendingSignals: NodeJS.Signals[]): Promise<never> {
  const context = openContext(argv, place, pendingSignals);
  const { environment, invocation, log, reload, sink, signal } = context;
  const openLog = once(async () => log.openAs((await import("../logs/write/boot-log.ts")).openBootLog(sink)));
  let vault: OpenVault | undefined;
  try {
    // nginx gets no secret.
    const asksVault = invocation.half !== "nginx" && referringVariables(environment).length > 0;
    const early = asksVault ? answerEarly(context) : undefined;
    if (asksVault) vault = await askVault(context, openLog);
    const begun = begin(context, early?.ground);
    const half = await import("./second-half.ts");
    const answers = early?.answers ?? answerWhileBooting(context, begun.draft);
    // It loads pino, for 10 ms of processor time: while the database and nginx have been asked and have not answered yet.
    setImmediate(openLog);
    const plan = await prepare(context, begun, half);
    await openLog();
    if (invocation.role === "release") {
      log.info({ exit_status: EXIT_STATUS.ok }, "released: every step of the boot is done");
      process.exitCode = EXIT_STATUS.ok;
    } else {
      await sink.flush(FLUSH_TIMEOUT_MS);
      await leaveSignalsPending();
      signal.throwIfAborted();
      const adminFds = await answers.handOver();
      // Signals are blocked by now: it waits for the second life.
      if (reload.asked) process.kill(process.pid, "SIGHUP");
      if (plan.supervisorUser !== undefined) giveDjinitDirectory(plan.supervisorUser);
      // libuv may have waited for it meanwhile, and does so no more from here on.
      const endStatus = begun.gunicorn?.endStatus();
      const all = completePlan(plan, { adminFds, endStatus });
      half.handOver(all, forApplication(environment, plan.bootOnly), vault?.state(plan.bootOnly));
    }
  } catch (thrown) {
    await openLog();
    process.exitCode = reportEnd(context, thrown);
  }
  await vault?.leave();
  await sink.flush(FLUSH_TIMEOUT_MS);
  exitAtOnce(Number(process.exitCode ?? 0));
}

interface Early {
  ground: RunDirectory;
  answers: LaterAnswers;
}

/** While Vault is waited for. A bad value is refused as ever, when Vault has said what the others are. */
function answerEarly(context: BootContext): Early {
  const ground = layGround(context);
  const { config, invocation, isRoot } = context;
  const facts = { startedAsRoot: isRoot, uid: process.getuid?.() ?? 0 };
  const plan = { ...planAnswering(invocation, config, facts), run: ground.path };
  return { ground, answers: answerWhileBooting(context, plan) };
}

/** What the first half leaves to the second. */
interface Begun extends EarlyPython {
  draft: Plan;
  /** Of the directory that serves as /run, where it has one of its own. */
  lockFd: number | undefined;
  /** The certificate that nginx is to have. */
  tls: GivenPair | undefined;
}

/** The first half: no step needs a library of the boot. So gunicorn loads itself while the libraries are loaded. */
function begin(context: BootContext, laid?: RunDirectory): Begun {
  const { config, environment, invocation, isRoot, log, problems, procfile, sources, steps } = context;
  const places = [
    ...findAppDirectoryProblems(config, isRoot),
    ...findLineDirectoryProblems(invocation, config),
  ];
  const unfit = findProblems(invocation, config, {
    hasGunicornFile: hasProjectFile(config.appDirectory),
    settingsModule: config.settingsModule ?? settingsOfManage(config.appDirectory),
  });
  const read = readGivenPair(context);
  const [pairProblems, tls] = Array.isArray(read) ? [read] : [[], read];
  refuseProblems([
    ...problems,
    ...places,
    ...findUrlProblems(config, environment),
    ...pairProblems,
    ...unfit,
  ]);
  const gunicornSettles = gunicornFile("settles");
  const services = draftPlan(invocation, config, {
    startedAsRoot: isRoot,
    uid: process.getuid?.() ?? 0,
    sources,
    gunicornSettles,
  });
  requireUsers(services);
  requireCommands(services, environment, procfile);
  requireCeleryCommand(invocation);
  const { path: run, lockFd } = laid ?? layGround(context);
  if (!isRoot) giveHome(environment, run);
  const replaced = tellReplaced(invocation);
  if (replaced !== undefined) log.info({}, replaced);
  if (services.note !== undefined) log.warn({ user: process.getuid?.(), run_directory: run }, services.note);
  const socketFd = steps.application ? openApplicationSocket(invocation, config, isRoot, run) : undefined;
  const draft = completePlan(placePlan(services, run, gunicornSettles), { socketFd });
  return { draft, lockFd, tls, ...startPython(context, draft, asDjango(isRoot)) };
}

/** The second half: everything else that has to be true before a service starts. */
async function prepare(context: BootContext, begun: Begun, half: SecondHalf): Promise<Plan> {
  const { draft, gunicorn, reader, tls } = begun;
  const { run } = draft;
  const { config, gathered, isRoot, place, signal, steps } = context;
  const { half: which, role } = context.invocation;
  const { staticRoot, mediaRoot, protectedRoot } = config;
  if (steps.nginx || steps.ownMedia)
    await half.untilTheyAnswer(
      [...mediaDirectories(config.appDirectory), staticRoot, mediaRoot, protectedRoot],
      context,
    );
  if (isRoot && steps.ownMedia)
    await half.ownMediaDirectories(mediaDirectories(config.appDirectory), half.mediaWalk(context));
  const runAsPrefix = asDjango(isRoot);
  const hooks = half.prepareHooks(context, { runAsPrefix, run });
  const django = { ...context, runAsPrefix, run, hooks, reader, gunicorn };
  const key = steps.nginx || steps.application ? await half.clientKey(context) : undefined;
  if (key !== undefined) half.writeClientKey(key, run);
  const runDjangoSteps = half.beginDjangoSteps(django, steps);
  if (place.isFirst) half.writeNginxProbes(draft.admin.nginxProbes, run);
  if (steps.nginx) half.writeNginxListen(run);
  if (steps.nginx) half.writeNginxRoot(config.appDirectory, run);
  if (steps.nginx) half.writeNginxClients(config, run);
  if (steps.nginx) half.writeNginxProxyProtocol(config, run);
  if (steps.nginx) half.writeNginxUpstream(which === "nginx", run);
  const look = half.withLimits({ ...context, run }, () => checkWebServer(context, draft, half));
  const check = () => half.withTls({ config, isRoot, run, tls }, look);
  const site = steps.nginx ? half.serveSite({ ...django, check: check() }) : undefined;
  if (which === "application") half.lookForSite(django);
  // Nothing is changed in the database before nginx accepts its files: a migration must not come before a refusal.
  await Promise.all([site?.checked, runDjangoSteps(Promise.resolve(site?.checked))]);
  signal.throwIfAborted();
  await half.runReleaseLine(context, runAsPrefix);
  const nginx = await site?.settle();
  if (which === "application" && key !== undefined) half.writeTold({ key, site: gathered.site }, isRoot);
  if (place.isFirst && role !== "release" && role !== "command") await hooks.run("before-start", signal);
  // Of a release, whose files an nginx elsewhere serves, and of hooks.
  if (steps.nginx ? hooks.points.includes("before-start") : steps.steps.includes("collectstatic"))
    await half.cleanStatic(django);
  const started = gunicorn?.open(portsVariable(nginx?.listens ?? [], draft.admin));
  for (const { output, user } of draft.services)
    if (output === "inherit" && user !== undefined) half.giveStdioTo(findAccount(user));
  const lockFd = begun.lockFd ?? (place.isFirst ? place.lockFd : undefined);
  return completePlan(draft, {
    nginx,
    started,
    request: half.readinessRequest(config, gathered.site),
    lockFd,
    boot: gathered.facts,
    tls: tls && half.planTls(tls, { isRoot, run }),
  });
}

/** What stands before a command so that it runs as user django. */
function asDjango(isRoot: boolean): string[] {
  return isRoot ? dropTo(DJANGO_USER) : [];
}

async function checkWebServer(
  { config, environment, isRoot, signal }: BootContext,
  { admin, bootOnly, run, services }: Plan,
  { checkNginx, refuseTakenPorts }: Pick<SecondHalf, "checkNginx" | "refuseTakenPorts">,
): Promise<NginxDump> {
  const nginx = services.find(({ name }) => name === "nginx") as ServicePlan;
  const inherited = ofService(nginx, forApplication(environment, bootOnly));
  const facts = await checkNginx({
    runAsPrefix: isRoot ? dropTo(NGINX_USER) : [],
    environment: inherited,
    run,
    timeoutMs: config.startupTimeoutMs,
    signal,
  });
  // Before its ports are tried: the admin port may be open already.
  refuseProblems(findPortProblem(admin, facts));
  await refuseTakenPorts(facts);
  return facts;
}

/** Returns the exit status. */
function reportEnd({ log, signal }: BootContext, thrown: unknown): number {
  if (signal.aborted && thrown === signal.reason) {
    log.info({ exit_status: EXIT_STATUS.ok }, `stopped during the boot: ${signal.reason}`);
    return EXIT_STATUS.ok;
  }
  logError(log, thrown);
  return asDjinitError(thrown).endStatus;
}

function once(make: () => Promise<void>): () => Promise<void> {
  let made: Promise<void> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
