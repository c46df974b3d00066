// What is measured, of which designs, and what djinit is to reach.

import { setTimeout as delay } from "node:timers/promises";
import { http } from "../../support/http.ts";
import type { Goal } from "../comparison.ts";
import type { WebStart } from "../web-container.ts";
import { askOften, directUrl } from "../wrk.ts";
import { type DesignName, WORKERS } from "./designs.ts";
import type { Sample, WebFigure } from "./figure.ts";
import { measureWebMemory } from "./memory.ts";
import { SLOW_CLIENTS, shareKept } from "./slow-clients.ts";
import { measureUploads, UPLOAD_MB, UPLOADS } from "./uploads.ts";

export const CONNECTIONS = 16;
const SLOW_VIEW_CONNECTIONS = 4 * WORKERS;
const MORE_MEMORY_MIB = 12;

const SETTLED_MS = 6_000;

const CSS = "/static/cakes/site.css";
const FILE = "/static/cakes/picture.bin";
const VIEW = "/json/";
/** What browsers accept today. */
const OF_A_BROWSER = "gzip, deflate, br, zstd";

const SERVERS = ["djinit", "seed", "whitenoise", "granian", "uvicorn"] as const;
// uvicorn's files are WhiteNoise's, as gunicorn's.
const FILES: readonly DesignName[] = ["djinit", "seed", "whitenoise", "granian", "nginx"];
const VIEWS: readonly DesignName[] = [...SERVERS, "gunicorn"];

const atLeast = (limit: number): Goal => ({
  text: `at least ${limit.toFixed(2)} × it`,
  isMet: ({ ratio }) => ratio.median >= limit,
});
const notMuchMore: Goal = {
  text: `at most ${MORE_MEMORY_MIB} MiB more`,
  isMet: ({ djinit, other }) => djinit.median <= other.median + MORE_MEMORY_MIB,
};
const keeps: Goal = { text: "at least 0.90 kept", isMet: ({ djinit }) => djinit.median >= 0.9 };

export const WEB_FIGURES = {
  start: {
    rows: [{ what: "docker run → first 200", unit: "s" }],
    designs: SERVERS,
    deployment: "two-workers",
    isAlone: true,
    measure: async ({ totalMs }) => [{ value: totalMs / 1000 }],
  },
  memory: {
    rows: [
      ...["idle", "just after the JSON view"].flatMap((when) => [
        {
          what: `memory, ${when}: as \`docker stats\` counts`,
          unit: "MiB" as const,
          goals: { seed: notMuchMore },
        },
        { what: `memory, ${when}: all processes (PSS)`, unit: "MiB" as const, goals: { seed: notMuchMore } },
        { what: `memory, ${when}: PID 1 (PSS)`, unit: "MiB" as const },
      ]),
    ],
    designs: SERVERS,
    deployment: "two-workers",
    isAlone: true,
    measure: async ({ container }, seconds) =>
      measureWebMemory(container, async () => {
        await askOften(await directUrl(container, VIEW), {
          connections: CONNECTIONS,
          seconds,
          isPinned: true,
        });
      }),
  },
  "json-defaults": {
    rows: [{ what: "JSON view, defaults of each", unit: "requests/s", goals: { seed: atLeast(1.5) } }],
    designs: SERVERS,
    deployment: "defaults",
    isAlone: true,
    measure: onceSettled(load(VIEW)),
  },
  css: {
    rows: [
      {
        what: "22 kB CSS, nothing accepted",
        unit: "requests/s",
        goals: { seed: atLeast(1.1), nginx: atLeast(0.95) },
      },
    ],
    designs: FILES,
    deployment: "two-workers",
    measure: load(CSS, { encoding: "identity" }),
  },
  "css-gzip": {
    rows: [
      {
        what: "22 kB CSS, gzip accepted",
        unit: "requests/s",
        goals: { seed: atLeast(2.5), granian: atLeast(1) },
      },
    ],
    designs: FILES,
    deployment: "two-workers",
    measure: load(CSS, { encoding: "gzip" }),
  },
  "css-browser": {
    rows: [
      {
        what: `22 kB CSS, ${OF_A_BROWSER}`,
        unit: "requests/s",
        goals: { seed: atLeast(2.5), granian: atLeast(1) },
      },
    ],
    designs: FILES,
    deployment: "two-workers",
    measure: load(CSS, { encoding: OF_A_BROWSER }),
  },
  file: {
    rows: [{ what: "1 MB file", unit: "requests/s" }],
    designs: FILES,
    deployment: "two-workers",
    measure: load(FILE, { encoding: OF_A_BROWSER }),
  },
  json: {
    rows: [
      {
        what: "JSON view, two workers",
        unit: "requests/s",
        goals: { seed: atLeast(1.15), granian: atLeast(1), gunicorn: atLeast(0.95) },
      },
    ],
    designs: VIEWS,
    deployment: "two-workers",
    measure: load(VIEW),
  },
  html: {
    rows: [{ what: "HTML with 20 rows of the database", unit: "requests/s" }],
    designs: VIEWS,
    deployment: "two-workers",
    measure: load("/"),
  },
  "slow-view": {
    rows: [{ what: `200 ms view, ${SLOW_VIEW_CONNECTIONS} connections`, unit: "requests/s" }],
    designs: VIEWS,
    deployment: "two-workers",
    measure: load("/slow/", { connections: SLOW_VIEW_CONNECTIONS }),
  },
  "slow-clients": {
    rows: [
      {
        what: `JSON view beside ${SLOW_CLIENTS} slow clients`,
        unit: "of it",
        goals: { seed: keeps },
      },
    ],
    designs: SERVERS,
    deployment: "two-workers",
    measure: async ({ container }, seconds) => {
      const url = await directUrl(container, VIEW);
      return [
        await shareKept(url, () => askOften(url, { connections: CONNECTIONS, seconds, isPinned: true })),
      ];
    },
  },
  uploads: {
    rows: [{ what: `${UPLOADS} uploads of ${UPLOAD_MB} MB at once`, unit: "s" }],
    designs: SERVERS,
    deployment: "two-workers",
    measure: async ({ container }) => [await measureUploads(await directUrl(container, "/upload/"))],
  },
} as const satisfies Record<string, WebFigure>;
export type WebFigureName = keyof typeof WEB_FIGURES;
export const WEB_FIGURE_NAMES = Object.keys(WEB_FIGURES) as WebFigureName[];

/** When all workers of a design are there: djinit's second one follows 2 s after the first. */
function onceSettled(measure: WebFigure["measure"]): WebFigure["measure"] {
  return async (start, seconds) => {
    await delay(SETTLED_MS);
    return await measure(start, seconds);
  };
}

/** Asks for one path, as often as possible. */
function load(path: string, { connections = CONNECTIONS, encoding = "" } = {}): WebFigure["measure"] {
  const headers: Record<string, string> = encoding === "" ? {} : { "accept-encoding": encoding };
  return async ({ container }: WebStart, seconds: number): Promise<readonly Sample[]> => {
    const url = await directUrl(container, path);
    const { body, headers: got, status } = await http(url, { headers });
    if (status !== 200) throw new Error(`cannot measure ${url}: status ${status}`);
    const found = await askOften(url, { connections, seconds, headers, isPinned: true });
    const note =
      encoding === "" ? {} : { note: `${got["content-encoding"] ?? "identity"}, ${body.length} bytes` };
    return [{ value: found.requestsPerSecond, p50Ms: found.p50Ms, p99Ms: found.p99Ms, ...note }];
  };
}
