import { dirname, join } from "node:path";

// Where things lie in the image and at run time. The layout is the one older images know.
/** What has the application's directory on its path by itself: docker/Dockerfile. */
export const IMAGE_PYTHON_DIRECTORY = "/opt/venv/bin";
/** djinit's modules for the project and for celery. */
export const PYTHON_SITE = "/usr/local/lib/djinit/python";
/** Starts a web server of the project's choice in gunicorn's place. */
export const WEB_SERVER_LAUNCHER = "/usr/local/lib/djinit/djinit_server.py";
export const GUNICORN_CONFIG = "/etc/gunicorn/config.py";
export const NGINX_CONFIGURATION = "/etc/nginx";
export const GUNICORN_DIRECTORY = "/run/gunicorn";
export const GUNICORN_SOCKET = "/run/gunicorn/gunicorn.sock";
/** gunicorn's timeout of a request, in seconds. The image's gunicorn file writes it. */
export const GUNICORN_TIMEOUT_FILE = "/run/gunicorn/timeout";
/** How many workers there are to be, and why. The image's gunicorn file writes it. */
export const GUNICORN_SIZE_FILE = "/run/gunicorn/size";
/** The PID of gunicorn's master, and how many workers it is to have. The image's gunicorn file writes it. */
export const GUNICORN_WORKERS_FILE = "/run/gunicorn/workers";
/** What the container may use, for gunicorn's master. */
export const ALLOWANCE_FILE = "/run/djinit/allowance.json";
/** How many WebSockets each worker has open: in GUNICORN_DIRECTORY, by the worker's PID. */
export const WEBSOCKETS_SUFFIX = ".websockets";
/** How long requests waited, by the number of a process that answers them: in GUNICORN_DIRECTORY. */
export const QUEUE_SUFFIX = ".queue";
export const CELERY_DIRECTORY = "/run/celery";
export const DJINIT_DIRECTORY = "/run/djinit";
/** PID 1 locks it for its whole life. No directory that is made anew at each start may hold it: the lock would be lost. */
export const LOCK_FILE = "/run/djinit.lock";
/** A second name of gunicorn's socket, where its own user cannot remove it. */
export const KEPT_GUNICORN_SOCKET = "/run/djinit/gunicorn.sock";
export const CONTROL_SOCKET = "/run/djinit/control.sock";
/** The probes, for nginx. */
export const PROBES_SOCKET = "/run/djinit/probes.sock";
/** nginx's own metrics. In a directory where PID 1 may remove what a killed nginx leaves behind. */
export const NGINX_STATUS_SOCKET = "/run/nginx-status/status.sock";
/** Where the project lies: inside nginx's server, written at each start. */
export const NGINX_ROOT_FILE = "/run/djinit/nginx-root.conf";
/** Where it takes IPv6: inside nginx's server, written at each start where the kernel has IPv6. */
export const NGINX_LISTEN_FILE = "/run/djinit/nginx-listen.conf";
/** HTTPS: inside nginx's server, by the same line as the last one. Written at each start that has a certificate. */
export const NGINX_TLS_FILE = "/run/djinit/nginx-listen-tls.conf";
/** The port of the PROXY protocol, in the same place. Written at each start that has one. */
export const NGINX_PROXY_PROTOCOL_FILE = "/run/djinit/nginx-listen-proxy.conf";
/** The scheme that the application is told, where nginx itself has ended TLS: at the level http, and where requests are passed on. */
export const NGINX_TLS_MAPS_FILE = "/run/djinit/nginx-proxies-tls.conf";
export const NGINX_TLS_FORWARDED_FILE = "/run/djinit/nginx-forwarded-tls.conf";
/** The certificate and its key, as nginx reads them. */
export const TLS_PAIR_FILE = "/run/djinit/tls.pem";
/** Read by nginx inside its server; written at each start. */
export const NGINX_PROBES_FILE = "/run/djinit/nginx-probes.conf";
/** The trusted proxies, for nginx's level http. Written at each start that has any. */
export const NGINX_PROXIES_FILE = "/run/djinit/nginx-proxies.conf";
/** Whether the peer of a request is one of those: a line of a map. */
export const NGINX_FROM_PROXY_FILE = "/run/djinit/nginx-from-proxy.conf";
/** Which headers of a proxy nginx keeps, for its location of the application. */
export const NGINX_FORWARDED_FILE = "/run/djinit/nginx-forwarded.conf";
/** The key by which gunicorn recognises nginx: a line of a map, which djinit_told.py reads too. */
export const NGINX_CLIENT_KEY_FILE = "/run/djinit/nginx-client-key.conf";
/** The volume of a pod whose two containers share web: the application's directory, which only nginx reads besides. */
export const WEB_DIRECTORY = "/run/web";
/** The application's socket there. */
export const SHARED_SOCKET = "/run/web/gunicorn.sock";
/** What nginx has to know of the application. */
export const APPLICATION_FILE = "/run/web/application.json";
/** Requests wait there for an application that is away. */
export const HOLD_SOCKET = "/run/djinit/hold.sock";
/** Where nginx finds that: inside its upstream, written at each start in a container without the application. */
export const NGINX_UPSTREAM_FILE = "/run/djinit/nginx-upstream.conf";
/** What nginx lets through, for its level http. Written at each start. */
export const NGINX_LIMITS_FILE = "/run/djinit/nginx-limits.conf";
/** How many connections nginx takes, for its block `events`. Written at each start. */
export const NGINX_CONNECTIONS_FILE = "/run/djinit/nginx-connections.conf";
/** How often a client may ask, where nginx passes requests on. Written at each start that has a limit. */
export const NGINX_RATE_FILE = "/run/djinit/nginx-rate.conf";
/** Answers that nginx keeps: at its level http, and where requests are passed on. Written at each start that has DJINIT_CACHE. */
export const NGINX_CACHE_FILE = "/run/djinit/nginx-limits-cache.conf";
export const NGINX_CACHE_USE_FILE = "/run/djinit/nginx-waits-cache.conf";
/** Of which one request is made at a time: at the way of all requests, and the location to which they go from there. */
export const NGINX_LOCK_FILE = "/run/djinit/nginx-lock.conf";
export const NGINX_LOCK_LOCATION_FILE = "/run/djinit/nginx-cache.conf";
/** Where they lie. */
export const NGINX_CACHE_DIRECTORY = "/run/nginx/cache";
/** Bodies of requests, long answers, what nginx keeps of them. */
export const NGINX_DIRECTORY = dirname(NGINX_CACHE_DIRECTORY);
/** What nginx answers by itself: inside its server, written at each start. */
export const NGINX_ERRORS_FILE = "/run/djinit/nginx-errors.conf";
/** Read by nginx where it passes requests to gunicorn; written before each start of nginx. */
export const NGINX_WAITS_FILE = "/run/djinit/nginx-waits.conf";
/** Which files of the project nginx serves, written at each start: maps at its level http, locations inside its server. */
export const NGINX_SITE_FILE = "/run/djinit/nginx-site.conf";
export const NGINX_STATIC_FILE = "/run/djinit/nginx-static.conf";
export const NGINX_MEDIA_FILE = "/run/djinit/nginx-media.conf";
/** Uploads that only the application sends people to: a location, written at each start that has such. */
export const NGINX_PROTECTED_FILE = "/run/djinit/nginx-protected.conf";
/** The site below a path: locations, written at each start that has one. */
export const NGINX_PREFIX_FILE = "/run/djinit/nginx-prefix.conf";
export const PROMETHEUS_DIRECTORY = "/run/gunicorn/prometheus";
/** The manifest: of an earlier start of this container, or built into the image. */
export const MANIFEST_FILES = ["/run/djinit/manifest.json", "/var/lib/djinit/manifest.json"] as const;

/** The home of user django, and of users without a home. */
export const HOME_DIRECTORY = "/run/django";

/** Programs of the image's own that the boot runs. */
export const HOOKS_DIRECTORY = "/etc/djinit/hooks";
/** Which of them this start has run. */
export const HOOKS_RAN_FILE = "/run/djinit/hooks.json";

export const DJANGO_USER = "django";
export const NGINX_USER = "nginx";
export const SUPERVISOR_USER = "djinit";

/** Everything above that is made at run time lies there. */
export const RUN_DIRECTORY = "/run";
/** A user that cannot use /run gets a directory below one of these. The second exists even if everything is read-only. */
export const PRIVATE_PARENTS = ["/tmp", "/dev/shm"] as const;

/** A path of this file, if `run` serves as /run. */
export function placedIn(run: string, path: string): string {
  // The other container has it there.
  if (path.startsWith(`${WEB_DIRECTORY}/`)) return path;
  return path.startsWith(`${RUN_DIRECTORY}/`) ? run + path.slice(RUN_DIRECTORY.length) : path;
}

export interface RuntimeDirectory {
  path: string;
  owner: string;
  /** A second user that may create files there. */
  writers?: string;
  /**
   * What a start as root removes there. `all`, except `keeps`: root or PID 1 uses the directory. A pattern: leftovers of an
   * earlier run in a directory of the application's (PID files, sockets).
   */
  removes: "all" | RegExp;
  /** Files of root's or the owner's that a later start of the same container uses. */
  keeps?: RegExp;
}

/** Made at each start, since /run may be an empty tmpfs. Parents come first. */
export const RUNTIME_DIRECTORIES: readonly RuntimeDirectory[] = [
  { path: "/run/djinit", owner: SUPERVISOR_USER, removes: "all", keeps: /^manifest\.json$/ },
  {
    path: "/run/gunicorn",
    owner: DJANGO_USER,
    removes: /\.(pid|sock|websockets|queue)$|^(timeout|size|workers)$/,
  },
  { path: dirname(NGINX_STATUS_SOCKET), owner: SUPERVISOR_USER, writers: NGINX_USER, removes: "all" },
  { path: PROMETHEUS_DIRECTORY, owner: DJANGO_USER, removes: /\.db$/ },
  { path: HOME_DIRECTORY, owner: DJANGO_USER, removes: /^$/ },
  { path: "/run/celery", owner: DJANGO_USER, removes: /\.pid$/ },
  { path: NGINX_DIRECTORY, owner: NGINX_USER, removes: "all" },
];

/** In its place: of the application's container in a pod. PID 1 takes the socket's name away at a stop. */
const SHARED_DIRECTORY: RuntimeDirectory = {
  path: WEB_DIRECTORY,
  owner: SUPERVISOR_USER,
  writers: DJANGO_USER,
  removes: /\.(pid|sock|websockets)$|^(timeout|workers)$/,
};

/** Those of a half of web, where GUNICORN_DIRECTORY is a link to the volume. nginx's container only reads it. */
export function sharedDirectories(half: "nginx" | "application"): RuntimeDirectory[] {
  return RUNTIME_DIRECTORIES.flatMap((directory) => {
    if (directory.path === GUNICORN_DIRECTORY) return half === "application" ? [SHARED_DIRECTORY] : [];
    return directory.path === PROMETHEUS_DIRECTORY && half === "nginx" ? [] : [directory];
  });
}

/** Uploads. User django must be able to write there. */
export function mediaDirectories(appDirectory: string): string[] {
  return ["media", "mediafiles"].map((name) => join(appDirectory, name));
}
