// The plan is made for /run. Where another directory serves in its place, this is what moves.
import {
  CELERY_DIRECTORY,
  GUNICORN_DIRECTORY,
  GUNICORN_SOCKET,
  NGINX_CONFIGURATION,
  PROMETHEUS_DIRECTORY,
  placedIn,
  RUN_DIRECTORY,
  RUNTIME_DIRECTORIES,
} from "./paths.ts";
import type { Plan, Readiness, ServicePlan } from "./plan.ts";
import { splitWrapper } from "./words/wrappers.ts";

/** Tells the image's Python where things lie. */
const VARIABLE = "DJINIT_RUN_DIRECTORY";

/** nginx's usual files, and the copy of them in which the places are right. */
export function nginxMirror(run: string): NonNullable<ServicePlan["mirror"]> {
  return { from: NGINX_CONFIGURATION, to: `${run}${NGINX_CONFIGURATION}`, run };
}

/** What nginx is told of it. */
export function nginxFileArgs(run: string): string[] {
  return run === RUN_DIRECTORY ? [] : ["-c", `${run}${NGINX_CONFIGURATION}/nginx.conf`];
}

/** The plan with everything at its place below `run`. `settles`: whether gunicorn's file is the image's, which knows. */
export function placePlan(plan: Plan, run: string, settles: boolean): Plan {
  if (run === RUN_DIRECTORY) return plan;
  const { services, admin } = plan;
  return {
    ...plan,
    run,
    services: services.map((service) => placeArgs(placeService(service, run), run, settles)),
    admin: { ...admin, prometheusDirectory: placePrometheus(admin.prometheusDirectory, run) },
  };
}

/** Another one than ours is where its user says. */
function placePrometheus(directory: string, run: string): string {
  return directory === PROMETHEUS_DIRECTORY ? placedIn(run, directory) : directory;
}

function placeService(service: ServicePlan, run: string): ServicePlan {
  const { cwd, readiness, heartbeatFile, waits, staleSockets, environment } = service;
  const at = (path: string): string => placedIn(run, path);
  const values = Object.entries(environment).map(([name, value]) => [name, at(value)]);
  return {
    ...service,
    cwd: at(cwd),
    readiness: placeReadiness(readiness, at),
    environment: { ...Object.fromEntries(values), [VARIABLE]: run },
    ...(heartbeatFile === undefined ? {} : { heartbeatFile: at(heartbeatFile) }),
    ...(staleSockets === undefined ? {} : { staleSockets: staleSockets.map(at) }),
    ...(waits === undefined
      ? {}
      : { waits: { ...waits, timeoutFile: at(waits.timeoutFile), nginxFile: at(waits.nginxFile) } }),
  };
}

function placeReadiness(readiness: Readiness, at: (path: string) => string): Readiness {
  if (readiness.kind === "http") return { ...readiness, socketPath: at(readiness.socketPath) };
  if (readiness.kind === "log") return { ...readiness, orFile: at(readiness.orFile) };
  return readiness.kind === "file" ? { ...readiness, prefix: at(readiness.prefix) } : readiness;
}

function placeArgs(service: ServicePlan, run: string, settles: boolean): ServicePlan {
  if (service.name === "nginx") {
    // What it may reach follows from its files at their new places, which are read later.
    const { confines, confinement: _, ...nginx } = service;
    return { ...nginx, mirror: nginxMirror(run), ...(confines && { confines: { ...confines, run } }) };
  }
  if (isCelery(service)) return { ...service, argv: service.argv.map((word) => placeWord(word, run)) };
  if (service.name !== "gunicorn" || settles) return service;
  // A file in the place of the image's names the usual places: the command line wins over it.
  const directory = placedIn(run, GUNICORN_DIRECTORY);
  const args = ["--bind", `unix:${placedIn(run, GUNICORN_SOCKET)}`, "--worker-tmp-dir", directory];
  return withArgs(service, [...args, "--pid", `${directory}/gunicorn.pid`]);
}

/** Its words name files in a directory that is only there in its new place. */
function isCelery({ argv }: ServicePlan): boolean {
  const [program = ""] = splitWrapper(argv).rest;
  return program.split("/").at(-1) === "celery";
}

/** A path, or an option with one: `--schedule=/run/celery/mine`. */
function placeWord(word: string, run: string): string {
  const at = word.indexOf(`${CELERY_DIRECTORY}/`);
  const isPath = at === 0 || (at > 0 && /^(-\w|--[\w-]+=)$/.test(word.slice(0, at)));
  return isPath ? word.slice(0, at) + placedIn(run, word.slice(at)) : word;
}

/** Right after the program's name. */
function withArgs(service: ServicePlan, args: readonly string[]): ServicePlan {
  const { argv, check } = service;
  return {
    ...service,
    argv: argv.toSpliced(splitWrapper(argv).wrapper.length + 1, 0, ...args),
    ...(check === undefined ? {} : { check: check.toSpliced(1, 0, ...args) }),
  };
}

const NAMES = RUNTIME_DIRECTORIES.map(({ path }) => path.split("/")[2]).join("|");
/** Other names below /run, such as /run/secrets, stay where they are. */
const RUN_PATH = new RegExp(`(?<![\\w./-])(?:/var)?/run/(?=(?:nginx\\.pid|${NAMES})(?![\\w.-]))`, "g");
const CONFIGURATION_PATH = new RegExp(`(?<![\\w./-])${NGINX_CONFIGURATION}/`, "g");

/** A file of nginx's with every path at its place below `run`. */
export function placeText(text: string, run: string): string {
  return text
    .replaceAll(CONFIGURATION_PATH, () => `${run}${NGINX_CONFIGURATION}/`)
    .replaceAll(RUN_PATH, () => `${run}/`);
}

/** What nginx says, with its files under the names that people know. */
export function namedAsUsual(text: string, run: string): string {
  return run === RUN_DIRECTORY
    ? text
    : text.replaceAll(`${run}${NGINX_CONFIGURATION}/`, `${NGINX_CONFIGURATION}/`);
}
