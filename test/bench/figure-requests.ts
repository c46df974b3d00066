// Requests of a static file: nginx relayed by djinit, against the same nginx writing to the container's stdout itself.
import { runContainer } from "../support/docker.ts";
import { runContext } from "../support/run-context.ts";
import type { Comparison } from "./comparison.ts";
import { measureInTurn } from "./pairs.ts";
import { CONNECTIONS, requestsPerSecond, requireWrk } from "./wrk.ts";

const PATH = "/static/cakes/pictures/plain.svg";
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
    async () => requestsPerSecond(await runContainer({ image, env }), PATH),
    async () =>
      requestsPerSecond(
        await runContainer({ image, entrypoint: "sh", command: ["-c", NGINX_ALONE], env }),
        PATH,
      ),
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
