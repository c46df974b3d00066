import { type Project, usual } from "./project.ts";

/** What they say about gunicorn, celery and processes of their own. */
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
  {
    name: "procfile-rq",
    shape: 'a Procfile: `CMD ["web"]`, django-rq in the place of celery, a clock of its own',
    env: usual,
    processes: { worker: ["rq"], beat: ["clock"], beside: { DJINIT_PROCESSES: "rq=2,clock" } },
  },
  {
    name: "django-tasks",
    shape:
      'Django 6 with tasks in the database (django-tasks-db): `CMD ["tasks"]`, and a clock from the Procfile',
    env: usual,
    processes: {
      worker: ["tasks"],
      beat: ["clock"],
      beside: { DJANGO_TASKS_WORKER: "1", DJINIT_PROCESSES: "clock" },
    },
  },
  {
    name: "asgi",
    shape: "ASGI: Django's own, and a WebSocket of the project's beside it",
    env: usual,
    socket: "/ws/echo/",
  },
  {
    name: "channels",
    shape: "ASGI: Channels, as its tutorial has it, with channels-redis",
    env: usual,
    socket: "/ws/echo/",
  },
  { name: "relative-paths", shape: "settings and `celery.py` open files by relative paths", env: usual },
];
