// What a celery worker is in the middle of, by its own word.
import { monotonicSeconds, readHeartbeat } from "../../metrics/heartbeat.ts";
import type { Heartbeat } from "../../metrics/heartbeat-shape.ts";
import type { Service } from "../service.ts";

/** Names are the project's own. */
const LONGEST_NAME = 200;

/** The last report of its current process. */
export function lastHeartbeat({ plan, pid }: Service): Heartbeat | undefined {
  if (plan.heartbeatFile === undefined || pid === undefined) return undefined;
  const heartbeat = readHeartbeat(plan.heartbeatFile);
  return heartbeat?.pid === pid ? heartbeat : undefined;
}

/** For a record: the tasks that these services run, as celery names them. Nothing where there are none. */
export function runningTasks(services: readonly Service[]): { tasks?: string[] } {
  const nowS = monotonicSeconds();
  const tasks = services.flatMap((service) =>
    (lastHeartbeat(service)?.running ?? []).map(
      ([name, id, sinceS]) =>
        `${name.slice(0, LONGEST_NAME)}[${id.slice(0, LONGEST_NAME)}] for ${Math.round(nowS - sinceS)} s`,
    ),
  );
  return tasks.length === 0 ? {} : { tasks };
}
