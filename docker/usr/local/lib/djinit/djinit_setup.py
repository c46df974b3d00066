"""The Django half of the boot: waits for the database, migrates, collects static files, creates the superuser.

Run by djinit as the user django, with the steps as arguments, in one interpreter. What it has to report goes to
stdout as JSON text sequences (RFC 7464: RS, one JSON object, LF), between whatever Django and the project print.
"""

import atexit
import json
import os
import signal
import sys
import threading
import time
import traceback

EXIT_SETTINGS = 78
EXIT_STATUS = {"wait-for-database": 69, "migrate": 80, "superuser": 81, "collectstatic": 82}

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 2.0

# Out of the environment before any code of the project runs.
PASSWORD = os.environ.pop("SUPERUSER_PASSWORD", "")


class StepError(Exception):
    """A step that cannot succeed, in words for its operator."""


class Stopped(KeyboardInterrupt):
    """TERM has come. Of this kind because drivers and commands know what Ctrl-C asks of them."""


def stop_on_term():
    """Make TERM end what runs, a query in the server included, so that it is rolled back before this process ends.

    Without it a server would go on with a query whose client has gone, and hold its locks. The handler runs only when
    the driver, which is C, returns: the thread makes it return.
    """
    from django.db import connections

    def stop(*_):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Stopped

    def cancel_queries(fd, wrappers):
        while os.read(fd, 1) != bytes([signal.SIGTERM]):
            pass
        for wrapper in wrappers:
            try:
                wrapper.connection.cancel()
            except Exception:  # not connected, or a driver that has no such thing
                continue

    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    # The connections are per thread: those of this one.
    threading.Thread(target=cancel_queries, args=(reader, connections.all()), daemon=True).start()
    signal.set_wakeup_fd(writer)
    signal.signal(signal.SIGTERM, stop)


def report(event, **fields):
    sys.stderr.flush()
    sys.stdout.write("\x1e" + json.dumps({"event": event, **fields}) + "\n")
    sys.stdout.flush()


def wait_for_database(timeout):
    from django.db import connection
    from django.db.utils import Error

    started = time.monotonic()
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            connection.ensure_connection()
            return
        except Error as error:
            waited = time.monotonic() - started
            if waited >= timeout:
                raise StepError(f"cannot reach the database within {timeout:g} s: {error}") from error
            if pause == FIRST_PAUSE_SECONDS:
                report("waiting", cause=str(error).strip())
            time.sleep(min(pause, timeout - waited))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def migrate():
    from django.core.management import call_command, get_commands, load_command_class

    app = get_commands()["migrate"]
    command = load_command_class(app, "migrate") if isinstance(app, str) else app
    started = {}

    def progress(action, migration=None, fake=False):
        if action == "apply_start":
            started[str(migration)] = time.monotonic()
            report("migrating", migration=str(migration))
        elif action == "apply_success":
            seconds = round(time.monotonic() - started[str(migration)], 3)
            report("migrated", migration=str(migration), seconds=seconds, fake=fake)

    # What it is called with for each migration; without it the project's own migrate command prints as it likes.
    if hasattr(command, "migration_progress_callback"):
        command.migration_progress_callback = progress
    call_command(command, interactive=False, verbosity=1)


def collectstatic():
    from django.core.management import call_command

    call_command("collectstatic", interactive=False, verbosity=1)


def user_exists(model, name):
    """Whether it does under the name as it is, or as managers write it down (`ADMIN@EXAMPLE.COM`)."""
    from django.contrib.auth.base_user import BaseUserManager

    manager = model._default_manager
    names = {name, model.normalize_username(name), BaseUserManager.normalize_email(name)}
    try:
        manager.get_by_natural_key(name)
    except model.DoesNotExist:
        return manager.filter(**{f"{model.USERNAME_FIELD}__in": names}).exists()
    except model.MultipleObjectsReturned:
        return True
    return True


def superuser():
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    model = get_user_model()
    given = {"email": os.environ["SUPERUSER_EMAIL"], "username": os.environ["SUPERUSER_USERNAME"]}
    name = given["email" if model.USERNAME_FIELD == model.get_email_field_name() else "username"]
    if user_exists(model, name):
        report("superuser-exists", username=name)
        return

    missing = [
        field
        for field in model.REQUIRED_FIELDS
        if field not in given and not os.environ.get(f"DJANGO_SUPERUSER_{field.upper()}")
    ]
    if missing:
        variables = ", ".join(f"DJANGO_SUPERUSER_{field.upper()}" for field in missing)
        raise StepError(f"cannot create superuser {name}: the user model requires {', '.join(missing)}; set {variables}")

    # createsuperuser reads these; those that the container sets itself win.
    fields = {**given, model.USERNAME_FIELD: name}
    added = {f"DJANGO_SUPERUSER_{field.upper()}": value for field, value in fields.items()}
    added = {name: value for name, value in added.items() if name not in os.environ}
    os.environ.update(added, DJANGO_SUPERUSER_PASSWORD=PASSWORD)
    try:
        call_command("createsuperuser", interactive=False, verbosity=0)
    finally:
        for variable in (*added, "DJANGO_SUPERUSER_PASSWORD"):
            os.environ.pop(variable, None)
    report("superuser-created", username=name)


def describe(error):
    told = traceback.TracebackException.from_exception(error)
    link = told
    while link is not None:
        # The way from here into the project's code says nothing about the fault.
        link.stack = traceback.StackSummary.from_list([frame for frame in link.stack if frame.filename != __file__])
        link = link.__cause__ or link.__context__
    stack = "".join(told.format()).rstrip()
    return {"type": f"{type(error).__module__}.{type(error).__qualname__}", "message": str(error).strip(), "stack": stack}


def run(step, action):
    report("step-started", step=step)
    started = time.monotonic()
    try:
        action()
    except Exception as error:
        told = {}
        if isinstance(error, StepError):
            told["message"], error = str(error), error.__cause__
        if error is not None:
            told["error"] = describe(error)
        report("step-failed", step=step, **told)
        sys.exit(EXIT_STATUS[step])
    except SystemExit as error:
        report("step-failed", step=step, message=f"cannot finish {step}: it ended with status {error.code}")
        sys.exit(EXIT_STATUS[step])
    report("step-finished", step=step, seconds=round(time.monotonic() - started, 3))


def main(steps):
    # As django-admin does it: the project lies in the working directory.
    sys.path.insert(0, os.getcwd())
    try:
        import django

        django.setup()
        stop_on_term()
    except Exception as error:
        report("settings-failed", error=describe(error))
        sys.exit(EXIT_SETTINGS)
    actions = {
        "wait-for-database": lambda: wait_for_database(float(os.environ["DJINIT_DATABASE_TIMEOUT"])),
        "migrate": migrate,
        "collectstatic": collectstatic,
        "superuser": superuser,
    }
    for step in steps:
        run(step, actions[step])


def leave():
    """End at once. To take the interpreter down object by object would cost a start a sixth of a second."""
    from django.db import connections

    connections.close_all()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
        leave()
    except Stopped:
        sys.exit(128 + signal.SIGTERM)
