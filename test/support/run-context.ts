/** What the global setup made, for the test files; they run in other processes, so it travels by the environment. */
export interface RunContext {
  runId: string;
  network: string;
  images: Record<"djinit" | "example" | "postgres" | "redis" | "pgbouncer" | "mariadb", string>;
  postgres?: { container: string; host: string; hostPort: number; password: string };
}

const VARIABLE = "DJINIT_TEST_RUN";

export function publishRunContext(context: RunContext): void {
  process.env[VARIABLE] = JSON.stringify(context);
}

/** Errors: no global setup has run. */
export function runContext(): RunContext {
  const text = process.env[VARIABLE];
  if (text === undefined)
    throw new Error(`cannot use containers: ${VARIABLE} is not set; the global setup has not run`);
  return JSON.parse(text) as RunContext;
}
