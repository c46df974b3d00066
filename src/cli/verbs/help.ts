import { alignColumns } from "../columns.ts";
import type { Verb } from "../verb.ts";

const AS_CMD = `djinit: PID 1 for Django containers

As the image's CMD:
  package.wsgi:application [option...]   nginx + gunicorn (also: options only, or gunicorn ...)
  celery worker [option...]              a celery worker
  celery beat [option...]                celery beat
  tasks [option...]                      the worker of Django's tasks
  release                                migrate, collectstatic, superuser; then end: for a job before a deployment
  any other command                      that command, as user django`;

const BESIDE = [
  ["COMMAND [word...]", "that command, as user django, with the variables that the services have"],
  ["release", "the steps of the boot once more, beside what runs"],
] as const;

const HEADINGS: Record<Verb["needs"], string> = {
  supervisor: "Inside a running container (docker exec CONTAINER djinit ...):",
  boot: "With the project's Django (precompress, manifest: when an image is built, after pip install):",
  nothing: "Anywhere (docker run --rm IMAGE ... too):",
};

/** Prints the help. */
export function help(verbs: readonly Verb[]): number {
  console.log(AS_CMD);
  const groups = (Object.keys(HEADINGS) as Verb["needs"][]).map((needs) => {
    const own = verbs
      .filter((verb) => verb.needs === needs)
      .map(({ usage, about }) => [usage, about] as const);
    return { needs, rows: needs === "supervisor" ? [...BESIDE, ...own] : own };
  });
  const lines = alignColumns(
    groups.flatMap(({ rows }) => rows.map(([usage, about]) => [`  djinit ${usage}`, about])),
  );
  for (const { needs, rows } of groups) {
    console.log(`\n${HEADINGS[needs]}`);
    for (const line of lines.splice(0, rows.length)) console.log(line);
  }
  return 0;
}
