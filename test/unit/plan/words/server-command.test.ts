import { describe, expect, test } from "vitest";
import { readCommand } from "../../../../src/plan/role.ts";
import { findServerCommand } from "../../../../src/plan/words/server-command.ts";
import { configOf } from "../../../support/planned.ts";

const CONFIG = configOf({ DJANGO_SETTINGS_MODULE: "shop.settings" });
const warn = (argv: string[], config = CONFIG) =>
  findServerCommand(readCommand(argv), config).map(({ problem }) => problem);
const inShell = (line: string) => ["/bin/sh", "-c", line];
const split = (line: string) => line.split(" ");

describe("a server that runs as a plain command is told of, with what to write", () => {
  test.each([
    [inShell("gunicorn shop.wsgi --bind 0.0.0.0:$PORT"), "gunicorn", '["shop.wsgi"]'],
    [inShell("python manage.py migrate && gunicorn shop.wsgi:app -w 2"), "gunicorn", '["shop.wsgi:app"]'],
    [inShell("python manage.py migrate; exec gunicorn -c $CONF"), "gunicorn", '["shop.wsgi:application"]'],
    [
      inShell("cd src && PORT=1 python -m celery -A shop worker -l $LEVEL"),
      "celery worker",
      '["celery", "worker"]',
    ],
    [inShell("celery -A shop beat -l $LEVEL"), "celery beat", '["celery", "beat"]'],
    [
      split("python manage.py runserver 0.0.0.0:8000"),
      "Django's development server",
      '["shop.wsgi:application"]',
    ],
    [split("./manage.py runserver"), "Django's development server", '["shop.wsgi:application"]'],
    [split("python -m django runserver_plus"), "Django's development server", '["shop.wsgi:application"]'],
    [split("/app/.venv/bin/gunicorn shop.wsgi"), "gunicorn", '["shop.wsgi"]'],
    [split("uv run gunicorn shop.wsgi"), "gunicorn", '["shop.wsgi"]'],
    [split("ddtrace-run --info gunicorn shop.wsgi"), "gunicorn", '["shop.wsgi"]'],
    [split("uv run celery -A shop worker"), "celery worker", '["celery", "worker"]'],
    [inShell("uvicorn shop.asgi:app --port $PORT"), "uvicorn", '["uvicorn", "shop.asgi:app"]'],
    [inShell("cd src && daphne"), "daphne", '["daphne", "shop.asgi:application"]'],
    [
      split("/app/.venv/bin/gunicorn shop.asgi:app"),
      "gunicorn",
      '["shop.asgi:app", "--worker-class", "asgi"]',
    ],
  ])("%j", (argv, server, instead) => {
    const [problem, ...others] = warn(argv);
    expect(others).toEqual([]);
    expect(problem).toContain(` ${server} as a plain command: without `);
    expect(problem).toContain(`; write CMD ${instead}, or set DJINIT_MIGRATIONS=skip if this is meant`);
  });

  test("once, in whole sentences", () => {
    expect(warn(inShell("gunicorn shop.wsgi -b :$PORT & celery -A shop worker"))).toEqual([
      'the CMD is a line for a shell, which starts gunicorn as a plain command: without nginx and the steps before the start (waiting for the database, migrate); write CMD ["shop.wsgi"], or set DJINIT_MIGRATIONS=skip if this is meant',
    ]);
    expect(warn(split("uv run celery -A shop beat"))).toEqual([
      'the CMD starts celery beat as a plain command: without the steps before the start (waiting for the database, migrate) and the checks of its health; write CMD ["celery", "beat"], or set DJINIT_MIGRATIONS=skip if this is meant',
    ]);
  });

  test("as a matter of CMD", () => {
    expect(findServerCommand(readCommand(split("uv run daphne shop.asgi:app")), CONFIG)).toMatchObject([
      { variable: "CMD" },
    ]);
  });

  test("whoever says what is to be done about the schema is not told", () => {
    const config = configOf({ DJINIT_MIGRATIONS: "wait" });
    expect(warn(split("uv run daphne shop.asgi:app"), config)).toEqual([]);
  });
});

test.each([
  [split("django-admin shell")],
  [split("python manage.py migrate")],
  [inShell("python manage.py migrate && python manage.py createcachetable")],
  [split("python manage.py db_worker")],
  [split("rqworker --url redis://h")],
  [split("pip show gunicorn")],
  [inShell("which gunicorn; pip list | grep celery")],
  [split("celery inspect ping")],
  [split("bash")],
  [split("./start.sh")],
  [["shop.wsgi:application"]],
  [inShell("gunicorn shop.wsgi")],
  [split("daphne shop.asgi:app")],
  [inShell("exec uvicorn shop.asgi:app --port 8000")],
])("nothing is said of %j", (argv) => {
  expect(warn(argv)).toEqual([]);
});
