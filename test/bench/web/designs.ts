// The same application served in different ways.
import type { RunOptions } from "../../support/docker.ts";
import { WEB_IMAGES } from "./web-images.ts";

/** `two-workers`: as many processes of each. `defaults`: what each makes of two processors by itself. */
export type Deployment = "two-workers" | "defaults";

export const WORKERS = 2;

export interface Design {
  /** What is run, for the reader of the table. */
  text: string;
  image: string;
  command?: readonly string[];
  env?: Record<string, string>;
}

const ADDRESS = ["--host", "0.0.0.0", "--port", "8000"];
const GUNICORN = ["gunicorn", "--bind", "0.0.0.0:8000"];
const WSGI = "bakery.wsgi:application";
const WITH_WHITENOISE = { BENCH_WHITENOISE: "1" };

export const DESIGNS = {
  djinit: { text: "djinit", image: WEB_IMAGES.djinit },
  seed: { text: "seed", image: WEB_IMAGES.seed },
  whitenoise: {
    text: "gunicorn + WhiteNoise under tini",
    image: WEB_IMAGES.servers,
    command: ["tini", "--", ...GUNICORN, WSGI],
    env: WITH_WHITENOISE,
  },
  granian: {
    text: "granian",
    image: WEB_IMAGES.servers,
    command: ["granian", "--interface", "wsgi", ...ADDRESS, "--static-path-mount", "/app/staticfiles", WSGI],
  },
  uvicorn: {
    text: "uvicorn + WhiteNoise",
    image: WEB_IMAGES.servers,
    command: ["uvicorn", ...ADDRESS, "bakery.asgi:application"],
    env: WITH_WHITENOISE,
  },
  nginx: {
    text: "nginx alone (limit)",
    image: WEB_IMAGES.servers,
    command: ["nginx", "-e", "stderr", "-c", "/servers/nginx.conf"],
  },
  gunicorn: {
    text: "gunicorn alone (limit)",
    image: WEB_IMAGES.servers,
    command: [...GUNICORN, WSGI],
  },
} as const satisfies Record<string, Design>;
export type DesignName = keyof typeof DESIGNS;
export const DESIGN_NAMES = Object.keys(DESIGNS) as DesignName[];

/** How a design's container is started. */
export function startOf(name: DesignName, deployment: Deployment): RunOptions {
  const { command = [], env = {}, image }: Design = DESIGNS[name];
  return {
    image,
    command,
    env: { ...env, ...(deployment === "two-workers" ? twoWorkers(name) : {}) },
    more: ["--no-healthcheck", "--cpus", "2"],
  };
}

function twoWorkers(name: DesignName): Record<string, string> {
  // What djinit itself chooses for two processors; WEB_CONCURRENCY would choose threads as well: none.
  if (name === "djinit" || name === "gunicorn")
    return { GUNICORN_CMD_ARGS: `--workers ${WORKERS} --threads 4` };
  return { WEB_CONCURRENCY: String(WORKERS), GRANIAN_WORKERS: String(WORKERS) };
}
