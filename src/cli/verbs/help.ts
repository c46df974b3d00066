import { alignColumns } from "../columns.ts";

const AS_CMD = `djinit: PID 1 for Django containers

As the image's CMD:
  package.wsgi:application [option...]   nginx + gunicorn (also: options only, or gunicorn ...)
  celery worker [option...]              a celery worker
  celery beat [option...]                celery beat
  release                                migrate, collectstatic, superuser; then end: for a job before a deployment
  any other command                      that command, as user django

When an image is built, after pip install:
  djinit manifest   writes down its migrations, so that a start need not ask Django for them

Inside a running container (docker exec CONTAINER djinit ...):
  djinit COMMAND [word...]  that command, as user django, with the variables that the services have
  djinit release            the steps of the boot once more, beside what runs
  djinit migrations         applied, pending and unknown migrations (--json)`;

/** Prints all of it. `verbs` are usage and text of each. */
export function help(verbs: readonly (readonly [usage: string, about: string])[]): number {
  console.log(AS_CMD);
  const rows = verbs.map(([usage, about]) => [`  djinit ${usage}`, about]);
  for (const line of alignColumns(rows)) console.log(line);
  return 0;
}
