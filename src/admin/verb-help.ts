import { alignColumns } from "./columns.ts";

const AS_CMD = `djinit: PID 1 for Django containers

As the image's CMD:
  package.wsgi:application [option...]   nginx + gunicorn (also: options only, or gunicorn ...)
  celery worker [option...]              a celery worker
  celery beat [option...]                celery beat
  any other command                      that command, as user django

Inside a running container (docker exec CONTAINER djinit ...):`;

/** Prints all of it. `verbs` are usage and text of each. */
export function help(verbs: readonly (readonly [usage: string, about: string])[]): number {
  console.log(AS_CMD);
  const rows = verbs.map(([usage, about]) => [`  djinit ${usage}`, about]);
  for (const line of alignColumns(rows)) console.log(line);
  return 0;
}
