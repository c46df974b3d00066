// Requests of a static file: nginx relayed by djinit, against the same nginx writing to the container's stdout itself.
import { setTimeout as delay } from "node:timers/promises";
import { installPackages } from "../../tools/engine/apt.ts";
import { run } from "../../tools/engine/command.ts";
import { type Container, runContainer } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { runContext } from "../support/run-context.ts";
import type { Comparison } from "./comparison.ts";
import { measureInTurn } from "./pairs.ts";

const PATH = "/static/cakes/pictures/plain.svg";
const CONNECTIONS = 32;
const MEASURED_SECONDS = 8;
/** What a start leaves to be done. */
const REST_MS = 3_000;
const LEAST_RATIO = 0.97;

/** nginx as djinit starts it, alone, with the same files; nothing asks for the application. */
const NGINX_ALONE =
  "mkdir -p /run/nginx /run/nginx-status && chown nginx: /run/nginx /run/nginx-status /dev/stdout /dev/stderr; exec setpriv --reuid nginx --regid nginx --init-groups nginx -e stderr -g 'daemon off;'";

/** With djinit's logging, and metrics as they are by default. */
export async function measureRequests(pairs: number): Promise<Comparison[]> {
  await requireWrk();
  const image = runContext().images.example;
  const env = { SECRET_KEY: "bench", SKIP_MIGRATIONS: "1" };
  const { a, b } = await measureInTurn(
    "requests of a static file",
    pairs,
    async () => measure(await runContainer({ image, env })),
    async () => measure(await runContainer({ image, entrypoint: "sh", command: ["-c", NGINX_ALONE], env })),
  );
  return [
    {
      what: `requests of a static file, ${CONNECTIONS} connections`,
      unit: "requests/s",
      other: "nginx to stdout itself",
      djinitSamples: a,
      otherSamples: b,
      goal: {
        text: `at least ${LEAST_RATIO} × the other`,
        isMet: ({ ratio }) => ratio.median >= LEAST_RATIO,
      },
    },
  ];
}

async function measure(container: Container): Promise<number> {
  const address = await docker("find the container's address", [
    "inspect",
    "--format",
    "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
    container.id,
  ]);
  // Not through a published port: the engine's proxy would be what is measured.
  const url = `http://${address.trim()}:8000${PATH}`;
  await eventually(async () => (await http(url)).status === 200, {
    what: "an answer",
    timeoutMs: 60_000,
    attach: () => container.logs(),
  });
  await delay(REST_MS);
  const words = ["--threads", "1", "--connections", String(CONNECTIONS)];
  const ran = await run("wrk", [...words, "--duration", `${MEASURED_SECONDS}s`, url], { timeoutMs: 60_000 });
  await container.rm();
  const rate = /^Requests\/sec:\s+([\d.]+)$/m.exec(ran.all)?.[1];
  if (rate === undefined || /Non-2xx/.test(ran.all)) throw new Error(`cannot measure requests: ${ran.all}`);
  return Number(rate);
}

/** Debian's package. */
async function requireWrk(): Promise<void> {
  if (!(await run("wrk", ["--version"], { timeoutMs: 10_000 })).all.includes("wrk "))
    await installPackages(["wrk"]);
}
