import { dirname } from "node:path";

// Where things lie in the image and at run time. The layout is the one older images know.
export const APP_DIRECTORY = "/app";
export const GUNICORN_CONFIG = "/etc/gunicorn/config.py";
export const GUNICORN_SOCKET = "/run/gunicorn/gunicorn.sock";
/** What gunicorn lets a request take, in seconds: written by the image's file of gunicorn's. */
export const GUNICORN_TIMEOUT_FILE = "/run/gunicorn/timeout";
export const CELERY_DIRECTORY = "/run/celery";
export const DJINIT_DIRECTORY = "/run/djinit";
export const CONTROL_SOCKET = "/run/djinit/control.sock";
/** The probes, for nginx. */
export const PROBES_SOCKET = "/run/djinit/probes.sock";
/** nginx's own figures. In a directory where PID 1 may remove what a killed nginx leaves behind. */
export const NGINX_STATUS_SOCKET = "/run/nginx-status/status.sock";
/** Read by nginx inside its server; written at each start. */
export const NGINX_PROBES_FILE = "/run/djinit/nginx-probes.conf";
/** Read by nginx where it passes requests to gunicorn; written before each start of nginx. */
export const NGINX_WAITS_FILE = "/run/djinit/nginx-waits.conf";
export const PROMETHEUS_DIRECTORY = "/run/gunicorn/prometheus";
export const PLAN_FILE = "/run/djinit/plan.json";
/** What the image knows of its migrations: made by a start where the image had none that fits, or with the image. */
export const MANIFEST_FILES = ["/run/djinit/manifest.json", "/var/lib/djinit/manifest.json"] as const;

export const DJANGO_USER = "django";
export const NGINX_USER = "nginx";
export const SUPERVISOR_USER = "djinit";

export interface RuntimeDirectory {
  path: string;
  owner: string;
  /** Who besides the owner may make files there. */
  writers?: string;
  /** Whether what an earlier run left there (PID files, sockets) is in the way of this one. */
  stale?: RegExp;
}

/** Made at each start, since /run may be an empty tmpfs. Parents come first. */
export const RUNTIME_DIRECTORIES: readonly RuntimeDirectory[] = [
  { path: "/run/djinit", owner: SUPERVISOR_USER, stale: /\.sock$/ },
  { path: "/run/gunicorn", owner: DJANGO_USER, stale: /\.(pid|sock)$|^timeout$/ },
  { path: dirname(NGINX_STATUS_SOCKET), owner: SUPERVISOR_USER, writers: NGINX_USER, stale: /\.sock$/ },
  { path: PROMETHEUS_DIRECTORY, owner: DJANGO_USER, stale: /\.db$/ },
  { path: "/run/django", owner: DJANGO_USER },
  { path: "/run/celery", owner: DJANGO_USER, stale: /\.pid$/ },
  { path: "/run/nginx", owner: NGINX_USER, stale: /\.pid$/ },
];

/** Uploads that users of the application make: the django user must be able to write there. */
export const MEDIA_DIRECTORIES = ["/app/media", "/app/mediafiles"] as const;
