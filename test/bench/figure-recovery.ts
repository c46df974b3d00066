import { setTimeout as delay } from "node:timers/promises";
import type { Container } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { http } from "../support/http.ts";
import { createDatabase } from "../support/postgres.ts";
import { runContext } from "../support/run-context.ts";
import { BENCH_IMAGES } from "./bench-images.ts";
import type { Comparison, Goal } from "./comparison.ts";
import { measureInTurn } from "./pairs.ts";
import { migrate, settledEnv, startWeb } from "./web-container.ts";

/** After its first answer a container still has things to finish. */
const IDLE_MS = 1_000;
const POLL_PERIOD_MS = 5;
const LIMIT_MS = 30_000;
const GOAL_S = 0.5;

/** From the SIGKILL of nginx, master and workers, to the next 200. The seed design never notices. */
export async function measureRecovery(pairs: number): Promise<Comparison[]> {
  const { url } = await createDatabase();
  await migrate(url, "bench-password");
  const recoveryOf = (image: string) => async () => {
    const { container } = await startWeb(image, settledEnv(url));
    await delay(IDLE_MS);
    const seconds = await timeRecovery(container);
    await container.rm();
    return seconds;
  };
  const { a, b } = await measureInTurn(
    "recovery",
    pairs,
    recoveryOf(runContext().images.example),
    recoveryOf(BENCH_IMAGES.supervisord),
  );
  const goal: Goal = { text: `below ${GOAL_S} s`, isMet: ({ djinit }) => djinit.median < GOAL_S };
  return [
    {
      what: "nginx killed → next 200",
      unit: "s",
      other: "supervisord",
      djinitSamples: a,
      otherSamples: b,
      goal,
    },
  ];
}

async function timeRecovery(container: Container): Promise<number> {
  const pids = await hostPidsOf(container, "nginx");
  const url = await container.url("/");
  const startedMs = performance.now();
  // All at once: workers that outlive their master would go on answering.
  for (const pid of pids) killIfThere(pid);
  while (performance.now() - startedMs < LIMIT_MS) {
    const answer = await http(url, { timeoutMs: LIMIT_MS }).catch(() => undefined);
    if (answer?.status === 200) return (performance.now() - startedMs) / 1000;
    await delay(POLL_PERIOD_MS);
  }
  throw new Error(`cannot get an answer of ${container.name} within ${LIMIT_MS / 1000} s of nginx's death`);
}

/** With the master dead a worker may be gone before its turn. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** As this machine numbers them; the engine must run on it. */
async function hostPidsOf(container: Container, program: string): Promise<number[]> {
  const text = await docker("list a container's processes", ["top", container.id, "-eo", "pid,comm"]);
  const rows = text.split("\n").map((row) => row.trim().split(/\s+/));
  return rows.filter(([, comm]) => comm === program).map(([pid]) => Number(pid));
}
