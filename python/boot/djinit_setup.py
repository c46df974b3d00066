"""The Django half of the boot: waits for the database, migrates, collects static files, creates the superuser.

Run by djinit as the user django, with its options as JSON and the steps as arguments, in one interpreter. What it has to
report goes through a socket of its own (djinit_events.py). A step is done when it has been reported as finished, and the
program when it has said so: whatever else ends it, with status 0 too, is a failure.
"""

import atexit
import contextlib
import json
import os
import signal
import sys
import threading
import time
import traceback

import djinit_blame
import djinit_events
import djinit_garbage

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 2.0

# Out of the environment before any code of the project runs: given where the step superuser is to be done, and for it alone.
SUPERUSER = {
    name: os.environ.pop(name) for name in list(os.environ) if name.startswith(("SUPERUSER_", "DJANGO_SUPERUSER_"))
}
PASSWORD = SUPERUSER.get("SUPERUSER_PASSWORD", "")
# Out of the arguments, too. The project sees the names of the steps.
OPTIONS = json.loads(sys.argv.pop(1))
EVENTS = djinit_events.Events(OPTIONS["eventsFd"])
report = EVENTS.report


class StepError(Exception):
    """A step that cannot succeed, in words for its operator."""

    def __init__(self, message, **fields):
        super().__init__(message)
        self.fields = fields


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


def wait_for_database(timeout):
    from django.core.exceptions import ImproperlyConfigured
    from django.db import connection
    from django.db.utils import Error, NotSupportedError, ProgrammingError

    started = time.monotonic()
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            connection.ensure_connection()
            return
        except ImproperlyConfigured as error:
            raise StepError(f"cannot load the database's engine: {error}", kind=djinit_blame.SETTINGS) from error
        except Error as error:
            kind = djinit_blame.blame(error)
            if kind is None and isinstance(error, (NotSupportedError, ProgrammingError)):
                kind = djinit_blame.UNUSABLE
            if kind not in (None, djinit_blame.UNAVAILABLE):
                raise refusal(error, kind) from error
            waited = time.monotonic() - started
            if waited >= timeout:
                text = f"cannot reach the database within {timeout:g} s: {error}"
                raise StepError(text, kind=djinit_blame.UNAVAILABLE) from error
            if pause == FIRST_PAUSE_SECONDS:
                report("waiting", cause=str(error).strip())
            time.sleep(min(pause, timeout - waited))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def refusal(error, kind):
    """What waiting would not change."""
    what = "log in to" if kind == djinit_blame.LOGIN else "use"
    text = djinit_blame.in_words(error, kind) or f"cannot {what} the database: {str(error).strip()}"
    return StepError(text, kind=kind)


class Locked:
    """The lock around what changes the database: taken by the first step that does, held to the end of the last."""

    def __init__(self, options):
        self.is_ours = options["lock"] == "own"
        self.lock = None

    def take(self):
        if self.lock is not None or not self.is_ours:
            return
        from djinit_lock import Lock

        self.lock = Lock(lambda: report("lock-waited-for"), lambda: report("lock-missing"))
        self.lock.__enter__()

    def release(self):
        lock, self.lock = self.lock, None
        if lock is not None:
            lock.__exit__()

    @property
    def lost(self):
        return self.lock and self.lock.lost


def migrate(options, locked, superuser_follows):
    import djinit_migrate
    import djinit_password

    # Where djinit holds the lock it has seen what is pending.
    looks = locked.is_ours and not options["always"] and not djinit_migrate.own_command()[0]
    if looks and not djinit_migrate.pending():
        return report_settled()
    locked.take()
    # Another container may have applied them while this one waited.
    if looks and not djinit_migrate.pending():
        return report_settled()
    if superuser_follows and djinit_password.is_new_database():
        djinit_password.hash_beside(PASSWORD)
    started = {}

    def progress(action, migration=None, fake=False):
        if action == "apply_start":
            started[str(migration)] = time.monotonic()
            report("migrating", migration=str(migration))
        elif action == "apply_success":
            seconds = round(time.monotonic() - started[str(migration)], 3)
            report("migrated", migration=str(migration), seconds=seconds, fake=fake)

    def on_retry(cause, pause):
        report("lock-timeout", cause=cause, seconds=pause)

    djinit_migrate.migrate(progress, options["lockTimeoutSeconds"], options["migrateTimeoutSeconds"], on_retry)


def wait_for_migrations(options):
    import djinit_migrate

    timeout = options["migrateTimeoutSeconds"]
    left = djinit_migrate.wait_until_applied(timeout, lambda left: report("migrations-waited-for", pending=left))
    refuse(left, f"cannot start: no container has applied them within {timeout:g} s")


def check_migrations():
    import djinit_migrate

    refuse(djinit_migrate.pending(), "cannot start")


def report_settled():
    report("nothing-pending")
    # The database may have more than the image knows.
    list_migrations()


def list_migrations():
    import djinit_migrate

    known, recorded, contradiction = djinit_migrate.known_and_recorded()
    report("migrations", known=known, recorded=recorded, contradiction=contradiction)


def refuse(left, what):
    if left:
        more = f" and {len(left) - 3} more" if len(left) > 3 else ""
        raise StepError(f"{what}: {len(left)} pending, {', '.join(left[:3])}{more}", pending=left)


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


def superuser(locked):
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    model = get_user_model()
    given = {"email": SUPERUSER["SUPERUSER_EMAIL"], "username": SUPERUSER["SUPERUSER_USERNAME"]}
    name = given["email" if model.USERNAME_FIELD == model.get_email_field_name() else "username"]
    if user_exists(model, name):
        report("superuser-exists", username=name)
        return
    locked.take()
    if user_exists(model, name):
        report("superuser-exists", username=name)
        return

    missing = [
        field
        for field in model.REQUIRED_FIELDS
        if field not in given and not SUPERUSER.get(f"DJANGO_SUPERUSER_{field.upper()}")
    ]
    if missing:
        variables = ", ".join(f"DJANGO_SUPERUSER_{field.upper()}" for field in missing)
        raise StepError(f"cannot create superuser {name}: the user model requires {', '.join(missing)}; set {variables}")

    # createsuperuser reads these; those that the container sets itself win.
    fields = {**given, model.USERNAME_FIELD: name}
    added = {f"DJANGO_SUPERUSER_{field.upper()}": value for field, value in fields.items()}
    added |= {name: value for name, value in SUPERUSER.items() if name.startswith("DJANGO_")}
    os.environ.update(added | {"DJANGO_SUPERUSER_PASSWORD": PASSWORD})
    try:
        call_command("createsuperuser", interactive=False, verbosity=0)
    finally:
        for variable in {*added, "DJANGO_SUPERUSER_PASSWORD"}:
            os.environ.pop(variable, None)
    # The command may be the project's own.
    if not user_exists(model, name):
        raise StepError(f"cannot create superuser {name}: createsuperuser has ended, but there is no such user")
    report("superuser-created", username=name)


def describe(error):
    told = traceback.TracebackException.from_exception(error)
    link = told
    while link is not None:
        # The way from here into the project's code says nothing about the fault.
        link.stack = traceback.StackSummary.from_list([frame for frame in link.stack if frame.filename != __file__])
        link = link.__cause__ or link.__context__
    stack = "".join(told.format()).rstrip()
    message = end_in_words(error) if isinstance(error, SystemExit) else str(error).strip()
    return {"type": f"{type(error).__module__}.{type(error).__qualname__}", "message": message, "stack": stack}


def end_in_words(error):
    """What `sys.exit` was called with: a status, or what there is to say."""
    if error.code is None or isinstance(error.code, int):
        return f"it ended the process with status {int(error.code or 0)}"
    return str(error.code).strip()


def run(step, action):
    report("step-started", step=step)
    EVENTS.settle()
    started = time.monotonic()
    try:
        action()
    except Stopped:
        raise
    except BaseException as error:  # SystemExit too
        if EVENTS.is_forked:
            raise
        told = {}
        if isinstance(error, StepError):
            told, error = {"message": str(error), **error.fields}, error.__cause__
        if error is not None:
            kind = told.setdefault("kind", djinit_blame.blame(error))
            told.setdefault("message", djinit_blame.in_words(error, kind))
            told["error"] = describe(error)
        fail("step-failed", step=step, **told)
    report("step-finished", step=step, seconds=round(time.monotonic() - started, 3))


def fail(event, **fields):
    report(event, **fields)
    leave(1)


def manifest(trace, probe, is_required):
    import djinit_manifest

    try:
        report("manifest", facts=djinit_manifest.facts(trace, probe.takes_url()))
    except BaseException as error:
        if is_required or EVENTS.is_forked or isinstance(error, Stopped):
            raise
        report("manifest-failed", error=describe(error))


def main(options, steps):
    # As django-admin does it: the project lies in the working directory.
    sys.path.insert(0, os.getcwd())
    trace = probe = None
    try:
        # What migrations leave behind is looked for as ever.
        with djinit_garbage.paused():
            if "manifest" in steps:
                import djinit_manifest
                import djinit_trace

                import django  # noqa: F401 both processes need it

                probe = djinit_manifest.Probe()
                trace = djinit_trace.Trace()
            import django
            from django.conf import settings

            if trace is not None:
                settings.INSTALLED_APPS  # noqa: B018 imports the settings
                trace.stop()
            django.setup()
        stop_on_term()
    except BaseException as error:  # SystemExit too
        if EVENTS.is_forked:
            raise
        fail("settings-failed", kind=djinit_blame.limits(error), error=describe(error))
    report("django-started")
    locked = Locked(options)
    actions = {
        "wait-for-database": lambda: wait_for_database(options["databaseTimeoutSeconds"]),
        "migrate": lambda: migrate(options, locked, "superuser" in steps),
        "wait-for-migrations": lambda: wait_for_migrations(options),
        "check-migrations": check_migrations,
        "list-migrations": list_migrations,
        "collectstatic": collectstatic,
        "superuser": lambda: superuser(locked),
        "manifest": lambda: manifest(trace, probe, options["manifestIsRequired"]),
    }
    changing = [step for step in steps if step in ("migrate", "superuser")]
    for step in steps:
        with lock_loss(step, locked):
            run(step, actions[step])
        if [step] == changing[-1:]:
            locked.release()


@contextlib.contextmanager
def lock_loss(step, locked):
    try:
        yield
    except Stopped:
        if not locked.lost:
            raise
        told = f"cannot finish step {step}: the lock that keeps other containers from migrating was lost: {locked.lost}"
        fail("step-failed", step=step, kind=djinit_blame.LOCK, message=told)


def leave(status):
    """End at once. To take the interpreter down object by object would cost a start a sixth of a second."""
    # The connections of a fork are its parent's: to close them would end them on the server.
    if not EVENTS.is_forked:
        with contextlib.suppress(Exception):
            from django.db import connections

            connections.close_all()
        atexit._run_exitfuncs()
    djinit_events.flush_output()
    os._exit(status)


if __name__ == "__main__":
    try:
        report("program-started")
        main(OPTIONS, sys.argv[1:])
        report("finished")
        leave(0)
    except Stopped:
        leave(128 + signal.SIGTERM)
