import type { Config } from "../../config/variables.ts";
import { DJANGO_USER, WEB_SERVER_LAUNCHER } from "../paths.ts";
import type { ServicePlan } from "../plan.ts";
import { longestHeadBytes } from "../requests/header-limits.ts";
import type { Invocation } from "../role.ts";
import { applicationEnvironment, applicationReadiness, gracefulSeconds } from "./application.ts";
import { readServerWords, type ServerWords } from "./server-words.ts";
import { type Default, WEB_SERVER_TABLE, type WebServerName } from "./table.ts";

/** A web server in gunicorn's place, at the same socket. djinit's launcher (djinit_server.py) starts it there. */
export function planWebServer(server: WebServerName, args: readonly string[], config: Config): ServicePlan {
  const { defaults, fatalStatuses, reload } = WEB_SERVER_TABLE[server];
  const words = readServerWords(args, WEB_SERVER_TABLE[server]);
  const application = applicationOf(words, config) ?? "";
  const seconds = gracefulSeconds(config);
  const added = defaults({ config, application, gracefulSeconds: seconds }).filter(
    ({ names }) => !names.some((name) => words.names.has(name)),
  );
  const launcher = ["python", WEB_SERVER_LAUNCHER];
  return {
    name: server,
    argv: [...launcher, server, ...words.kept, ...added.flatMap(wordsOf)],
    check: [...launcher, "check"],
    cwd: config.appDirectory,
    user: DJANGO_USER,
    environment: {
      ...applicationEnvironment(config),
      DJINIT_GRACEFUL_TIMEOUT: String(seconds),
      DJINIT_HEAD_BYTES: String(longestHeadBytes(config)),
      DJINIT_APPLICATION: application,
      ...(words.isFactory ? { DJINIT_FACTORY: "1" } : {}),
    },
    facesClients: false,
    after: [],
    readiness: applicationReadiness(config),
    restart: "always",
    stopSignal: "SIGTERM",
    // None of them has an end without a wait. QUIT ends what does not handle it.
    fastStopSignal: "SIGQUIT",
    hurryRest: ["SIGTERM", "SIGQUIT"],
    // uvicorn with one process has no handler for HUP, and is started anew.
    reload,
    forwards: ["SIGTTIN", "SIGTTOU"],
    readsEnvironment: true,
    fatalStatuses,
    output: "relay",
  };
}

/** Whether the words of a CMD, or APP_MODULE, name an application. */
export function namesApplication(
  { server, args }: Pick<Invocation, "args"> & { server: WebServerName },
  config: Config,
): boolean {
  return applicationOf(readServerWords(args, WEB_SERVER_TABLE[server]), config) !== undefined;
}

/** One sentence about the words that the server does not get; undefined where there are none. */
export function tellReplaced({ server, args }: Invocation): string | undefined {
  if (server === undefined) return undefined;
  const { replaced } = readServerWords(args, WEB_SERVER_TABLE[server]);
  if (replaced.length === 0) return undefined;
  return `djinit keeps its own settings instead of: ${replaced.join(", ")}; nginx listens, and passes requests on to ${server}`;
}

function applicationOf({ application }: ServerWords, { appModule }: Config): string | undefined {
  return application ?? appModule;
}

function wordsOf({ names: [name = ""], value }: Default): string[] {
  return value === undefined ? [name] : [name, value];
}
