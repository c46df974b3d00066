// Containers that run the boot and end: `release`, as a job before a deployment does.
import type { Container } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import type { LogRecord } from "../support/records.ts";
import { type ProjectOptions, startProject } from "./project-subject.ts";

export function startRelease(options: ProjectOptions): Promise<Container> {
  return startProject({ command: ["release"], ...options });
}

/** Starts several at once, waits for their ends, and gives their statuses and records. They are the caller's to remove. */
export async function releaseTogether(
  containers: readonly Container[],
): Promise<{ status: number; records: LogRecord[] }[]> {
  const since = new Date().toISOString();
  await docker("start the containers", ["start", ...containers.map(({ id }) => id)]);
  return Promise.all(
    containers.map(async (container) => {
      const status = await container.wait(120_000);
      const records = await container.records();
      return { status, records: records.filter(({ time }) => time >= since) };
    }),
  );
}

/** The names of the migrations that these records say were applied. */
export function appliedIn(records: readonly LogRecord[]): string[] {
  return records.filter(({ msg }) => / applied in /.test(msg)).map(({ migration }) => String(migration));
}

/** Whether Django was started for any step. */
export function startedDjango(records: readonly LogRecord[]): boolean {
  return records.some(({ msg }) => /^step (?!read-settings )\S+ finished in /.test(msg));
}

/** Whether the settings were imported, for what they have become. */
export function importedSettings(records: readonly LogRecord[]): boolean {
  return records.some(({ msg }) => msg.startsWith("step read-settings finished in "));
}
