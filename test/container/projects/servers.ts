import { type Project, usual } from "./project.ts";

/** What they say about gunicorn and celery. */
export const SERVERS: readonly Project[] = [
  {
    name: "gunicorn-conf",
    shape: "`gunicorn.conf.py`: bind, gthread, access log, hooks",
    env: usual,
  },
  { name: "gunicorn-21", shape: "gunicorn pinned to 21.2", env: usual },
  { name: "gunicorn-23", shape: "gunicorn pinned to 23.0", env: usual },
  {
    name: "database-scheduler",
    shape: "django-celery-beat's scheduler, django-celery-results; beat starts before any schema",
    env: usual,
  },
  { name: "relative-paths", shape: "settings and `celery.py` open files by relative paths", env: usual },
];
