"""The Django half of the boot: waits for the database, migrates, collects static files, creates the superuser.

Run by djinit as the user django, with its options as JSON and the steps as arguments, in one interpreter. What it has to
report goes through a socket of its own (djinit_events.py). A step is done when it has been reported as finished, and the
program when it has said so: whatever else ends it, with status 0 too, is a failure.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import djinit_blame
import djinit_events
import djinit_garbage
import djinit_site

if TYPE_CHECKING:
    from types import FrameType

    import djinit_lock
    import djinit_manifest
    import djinit_trace

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 2.0
SILENT_SECONDS = 5.0
#: djinit's word that the start takes too long: src/boot/django/setup.ts.
LATE_SIGNAL = 44
#: Django's own, for settings that name none.
NO_ENGINE = "django.db.backends.dummy"
#: There is nothing to be done in these without a database.
ABOUT_DATABASE = {"wait-for-database", "migrate", "wait-for-migrations", "check-migrations"}

# Out of the environment before any code of the project runs: given where the step superuser is to be done, and for it alone.
SUPERUSER = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith(("SUPERUSER_", "DJANGO_SUPERUSER_"))}
PASSWORD = SUPERUSER.get("SUPERUSER_PASSWORD", "")
# Out of the arguments, too. The project sees the names of the steps.
OPTIONS = json.loads(sys.argv.pop(1))
EVENTS = djinit_events.Events(OPTIONS["eventsFd"])
report = EVENTS.report


#: Through which the project's code is reached.
OWN_FILES = (__file__, os.path.join(os.path.dirname(__file__), "djinit_values.py"))


class StepError(Exception):
    """A step that cannot succeed, in words for its operator."""

    def __init__(self, message: str, **fields: Any) -> None:
        super().__init__(message)
        self.fields = fields


class Stopped(KeyboardInterrupt):
    """TERM has come. Of this kind because drivers and commands know what Ctrl-C asks of them."""


def tell_where(_: int, frame: FrameType | None) -> NoReturn:
    """Report where the project's code is, and end: it has been waited for long enough."""
    frames = list(traceback.extract_stack(frame))
    ours = [at for at, each in enumerate(frames) if each.filename in OWN_FILES]
    theirs = [each for each in frames[ours[-1] + 1 if ours else 0 :] if not each.filename.startswith("<")]
    project = [each for each in theirs if each.filename.startswith(os.getcwd() + os.sep) and "site-packages" not in each.filename]
    where = (project or theirs)[-1:]
    message = f"{where[0].filename}, line {where[0].lineno}, in {where[0].name}" if where else "its beginning"
    stack = "".join(traceback.format_list(theirs)).rstrip()
    report("settings-failed", kind=None, error={"type": "builtins.TimeoutError", "message": message, "stack": stack})
    os._exit(1)


# Long enough for the `__del__` that was interrupted to have ended.
RESEND_S = 0.05


def stop_on_term() -> None:
    """Make TERM end what runs, a query in the server included, so that it is rolled back before this process ends.

    Without it a server would go on with a query whose client has gone, and hold its locks. The handler runs only when
    the driver, which is C, returns: the thread makes it return.
    """
    from django.db import connections

    def stop(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Stopped

    unraisable = sys.unraisablehook

    # Python drops what a handler raises where the signal arrives in a `__del__`: the signal is sent again.
    def send_again(dropped: sys.UnraisableHookArgs) -> None:
        if isinstance(dropped.exc_value, Stopped):
            signal.signal(signal.SIGTERM, stop)
            threading.Timer(RESEND_S, os.kill, (os.getpid(), signal.SIGTERM)).start()
        else:
            unraisable(dropped)

    sys.unraisablehook = send_again

    def cancel_queries(fd: int, wrappers: list[Any]) -> None:
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


def wait_for_database(timeout: float, alias: str = "default") -> None:
    """Ask until it answers; what waiting cannot change is an error at once."""
    from django.core.exceptions import ImproperlyConfigured
    from django.db import connections
    from django.db.utils import Error, NotSupportedError, ProgrammingError

    started = time.monotonic()
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            with told_if_silent(alias, min(SILENT_SECONDS, timeout / 2)):
                connections[alias].ensure_connection()
            return
        except ImproperlyConfigured as error:
            raise StepError(engine_fault(error, alias), kind=djinit_blame.SETTINGS) from error
        except Error as error:
            kind = djinit_blame.blame(error)
            if kind is None and isinstance(error, (NotSupportedError, ProgrammingError)):
                kind = djinit_blame.UNUSABLE
            if kind not in (None, djinit_blame.UNAVAILABLE):
                raise refusal(error, kind, alias) from error
            waited = time.monotonic() - started
            if waited >= timeout:
                text = f"cannot reach database {djinit_blame.place(alias)} within {timeout:g} s: {error}"
                raise StepError(text, kind=djinit_blame.UNAVAILABLE, variable=variable_of(alias)) from error
            if pause == FIRST_PAUSE_SECONDS:
                report("waiting", cause=str(error).strip(), database=djinit_blame.place(alias))
            time.sleep(min(pause, timeout - waited))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def needs_no_database(steps: list[str]) -> bool:
    """Whether the settings name none, and no app has anything to migrate there."""
    from django.core.exceptions import ImproperlyConfigured
    from django.db import connections

    try:
        if not ABOUT_DATABASE.intersection(steps) or connections.databases["default"].get("ENGINE") != NO_ENGINE:
            return False
    except ImproperlyConfigured:  # for the step to say
        return False
    import djinit_databases

    try:
        return not any(djinit_databases.with_migrations())
    except Exception:  # a migration that cannot be imported is one
        return False


@contextlib.contextmanager
def told_if_silent(alias: str, seconds: float) -> Iterator[None]:
    """Where nobody answers at all, not even with a refusal, a driver waits as long as the kernel does: some minutes."""
    told = {"cause": "no answer yet", "database": djinit_blame.place(alias)}
    timer = threading.Timer(seconds, report, ("waiting",), told)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def engine_fault(error: BaseException, alias: str) -> str:
    """What is wrong with it. Django's own words name no way out where there is none."""
    from django.db import connections

    if connections.databases[alias].get("ENGINE") != NO_ENGINE:
        return f"cannot load the database's engine: {error}"
    where = "DATABASES" if alias == "default" else f"DATABASES[{alias!r}]"
    return (
        f"cannot find a database: {where} of the settings names none; set the variables that it is made of, "
        "such as DATABASE_URL, or SKIP_MIGRATIONS=1 where the project has no database"
    )


def do_nothing() -> None:
    """In the place of the steps about a database that there is not."""


def variable_of(alias: str) -> str:
    """What names it, as far as anybody can tell."""
    return djinit_blame.variable() if alias == "default" else "DATABASES"


def refusal(error: BaseException, kind: str, alias: str) -> StepError:
    """What waiting would not change."""
    what = "log in to" if kind == djinit_blame.LOGIN else "use"
    words = djinit_blame.in_words(error, kind) if alias == "default" else None
    text = words or f"cannot {what} database {djinit_blame.place(alias)}: {str(error).strip()}"
    return StepError(text, kind=kind, variable=variable_of(alias))


class Locked:
    """The lock around what changes the database: taken by the first step that does, held to the end of the last."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.is_ours = options["lock"] == "own"
        self.timeout: float = options["databaseTimeoutSeconds"]
        self.locks: list[djinit_lock.Lock] = []

    def take(self, alias: str = "default") -> None:
        """Wait for it, where it is not djinit that holds it, and for a connection: a crowd that waits may have had them all."""
        if self.is_ours and not self.locks:
            self.add(alias)
        if self.timeout:
            wait_for_database(self.timeout, alias)

    @contextlib.contextmanager
    def another(self, alias: str) -> Iterator[None]:
        """That of one more database, for as long as it is migrated. djinit holds only that of the default one."""
        self.add(alias)
        yield
        self.locks.pop().__exit__()

    def add(self, alias: str) -> None:
        """Wait for it."""
        import djinit_lock

        lock = djinit_lock.Lock(lambda: report("lock-waited-for"), lambda: report("lock-missing"), alias)
        lock.__enter__()
        self.locks.append(lock)

    def release(self) -> None:
        """Let others have it."""
        while self.locks:
            self.locks.pop().__exit__()

    @property
    def lost(self) -> Exception | None:
        """Why it is no longer held."""
        return next((lock.lost for lock in self.locks if lock.lost), None)


def chosen_databases(options: dict[str, Any]) -> list[str]:
    """Those that are migrated, which all answer."""
    import djinit_databases

    aliases = djinit_databases.migrated(options["databases"])
    # The default one has answered before, but a crowd of other containers may have its connections now.
    if options["databaseTimeoutSeconds"]:
        for alias in aliases:
            wait_for_database(options["databaseTimeoutSeconds"], alias)
    further = [alias for alias in aliases if alias != djinit_databases.DEFAULT]
    read_only = set(filter(djinit_databases.is_read_only, further))
    return [alias for alias in aliases if alias not in read_only]


def migrate(options: dict[str, Any], locked: Locked, superuser_follows: bool) -> None:
    """Bring the schema up to date, unless a look tells that it is."""
    import djinit_command
    import djinit_migrate
    import djinit_password

    aliases = chosen_databases(options)
    # Where djinit holds the lock it has seen what is pending.
    work, _ = djinit_command.own_work()
    looks = locked.is_ours and not options["always"] and work == djinit_command.Work.DJANGOS
    if looks and not djinit_migrate.pending_in(aliases):
        return report_settled(aliases)
    locked.take(aliases[0])
    if looks:
        # Another container may have applied them while this one waited.
        left = djinit_migrate.pending_in(aliases)
        if not left:
            return report_settled(aliases)
        report("migrations-pending", count=len(left))
    has_hooks = bool(options["hooks"]) and (looks or something_is_pending(locked, options, aliases))
    if has_hooks:
        run_hooks("before-migrate", options)
    if superuser_follows and djinit_password.is_new_database():
        djinit_password.hash_beside(PASSWORD)
    for alias in aliases:
        if alias == aliases[0]:
            if not looks or djinit_migrate.pending(alias):
                migrate_one(alias, options)
        # Its schema may be that of one before it, whose lock is held: then nothing is pending by now.
        elif djinit_migrate.pending(alias):
            with locked.another(alias):
                if djinit_migrate.pending(alias):
                    migrate_one(alias, options)
    if options["ownMigrate"] is not None:
        import djinit_mark

        djinit_mark.leave(**options["ownMigrate"])
    if has_hooks:
        run_hooks("after-migrate", options)


def migrate_one(alias: str, options: dict[str, Any]) -> None:
    """Apply what is pending in one database."""
    import djinit_databases
    import djinit_migrate

    started: dict[str, float] = {}

    def progress(action: str, migration: object = None, fake: bool = False) -> None:
        name = djinit_databases.label(str(migration), alias)
        if action == "apply_start":
            started[name] = time.monotonic()
            report("migrating", migration=name)
        elif action == "apply_success":
            seconds = round(time.monotonic() - started[name], 3)
            report("migrated", migration=name, seconds=seconds, fake=fake)

    def on_retry(cause: str, pause: float) -> None:
        report("lock-timeout", cause=cause, seconds=pause)

    djinit_migrate.migrate(alias, progress, options["lockTimeoutSeconds"], options["migrateTimeoutSeconds"], on_retry)


def something_is_pending(locked: Locked, options: dict[str, Any], aliases: list[str]) -> bool:
    """Whether hooks are to run, where nobody has looked here. Only a migrate command of the project's own knows of its own."""
    import djinit_command
    import djinit_migrate

    # Where djinit holds the lock, something is pending, or the project's own command has work besides.
    knows = not locked.is_ours and options["ownMigrate"] is None
    work, _ = djinit_command.own_work()
    return knows or work == djinit_command.Work.OWN or bool(djinit_migrate.pending_in(aliases))


def run_hooks(point: str, options: dict[str, Any]) -> None:
    """Wait until djinit has run the image's own programs. One that fails is the end of this process."""
    from django.db import connections

    if point in options["hooks"]:
        # They may be idle for longer than what lies between allows.
        connections.close_all()
        report("hooks", point=point)
        EVENTS.await_answer()


def wait_for_migrations(options: dict[str, Any]) -> None:
    """Another container applies them."""
    import djinit_migrate

    timeout = options["migrateTimeoutSeconds"]
    aliases = chosen_databases(options)
    left = djinit_migrate.wait_until_applied(aliases, timeout, lambda left: report("migrations-waited-for", pending=left))
    refuse(left, f"cannot start: no container has applied them within {timeout:g} s")


def check_migrations(options: dict[str, Any]) -> None:
    """Nobody applies them."""
    import djinit_migrate

    refuse(djinit_migrate.pending_in(chosen_databases(options)), "cannot start")


def report_settled(aliases: list[str]) -> None:
    """There is nothing to do."""
    report("nothing-pending")
    # The database may have more than the image knows.
    list_migrations(aliases)


def list_migrations(aliases: list[str]) -> None:
    """What the image knows and what the database has."""
    import djinit_migrate

    for alias in aliases:
        known, recorded, contradiction = djinit_migrate.known_and_recorded(alias)
        report("migrations", database=alias, known=known, recorded=recorded, contradiction=contradiction)


def refuse(left: list[str], what: str) -> None:
    """Raise where something is pending."""
    if left:
        more = f" and {len(left) - 3} more" if len(left) > 3 else ""
        raise StepError(f"{what}: {len(left)} pending, {', '.join(left[:3])}{more}", pending=left)


def collectstatic() -> None:
    """As Django's command does."""
    from django.core.management import call_command

    call_command("collectstatic", interactive=False, verbosity=1)


def superuser(locked: Locked) -> None:
    """Create it, unless it is there."""
    import djinit_superuser
    from django.contrib.auth import get_user_model

    if not locked.is_ours:
        locked.take()
    model = get_user_model()
    given = {"email": SUPERUSER["SUPERUSER_EMAIL"], "username": SUPERUSER["SUPERUSER_USERNAME"]}
    name = given["email" if model.USERNAME_FIELD == model.get_email_field_name() else "username"]
    if djinit_superuser.exists(model, name):
        report("superuser-exists", username=name)
        return
    locked.take()
    if djinit_superuser.exists(model, name):
        report("superuser-exists", username=name)
        return
    try:
        djinit_superuser.create(model, {**given, model.USERNAME_FIELD: name}, SUPERUSER, PASSWORD)
    except djinit_superuser.VariablesError as error:
        raise StepError(f"cannot create superuser {name}: {error}") from None
    # The manager may be the project's own.
    if not djinit_superuser.exists(model, name):
        raise StepError(f"cannot create superuser {name}: the user model's manager has made no such user")
    report("superuser-created", username=name)


def describe(error: BaseException) -> dict[str, str]:
    """What a report says of it."""
    told = traceback.TracebackException.from_exception(error)
    link: traceback.TracebackException | None = told
    while link is not None:
        # The way from here into the project's code says nothing about the fault.
        link.stack = traceback.StackSummary.from_list([frame for frame in link.stack if frame.filename not in OWN_FILES])
        link = link.__cause__ or link.__context__
    stack = "".join(told.format()).rstrip()
    message = end_in_words(error) if isinstance(error, SystemExit) else str(error).strip()
    return {"type": f"{type(error).__module__}.{type(error).__qualname__}", "message": message, "stack": stack}


def end_in_words(error: SystemExit) -> str:
    """What `sys.exit` was called with: a status, or what there is to say."""
    if error.code is None or isinstance(error.code, int):
        return f"it ended the process with status {int(error.code or 0)}"
    return str(error.code).strip()


def run(step: str, action: Callable[[], None]) -> None:
    """Do it, and report how it went."""
    report("step-started", step=step)
    EVENTS.settle()
    try:
        action()
    except Stopped:
        raise
    except BaseException as raised:  # SystemExit too
        if EVENTS.is_forked:
            raise
        told: dict[str, Any] = {}
        error: BaseException | None = raised
        if isinstance(raised, StepError):
            told, error = {"message": str(raised), **raised.fields}, raised.__cause__
        if error is not None:
            kind = told.setdefault("kind", djinit_blame.blame(error))
            told.setdefault("message", djinit_blame.in_words(error, kind))
            told["error"] = describe(error)
        fail("step-failed", step=step, **told)
    report("step-finished", step=step)


def fail(event: str, **fields: Any) -> NoReturn:
    """Report it, and end."""
    report(event, **fields)
    leave(1)


def report_site() -> None:
    """What the settings say of it. Settings so odd that this fails are Django's to refuse."""
    if "django.conf" in sys.modules:
        with contextlib.suppress(Exception):
            report("site", facts=djinit_site.site_facts(sys.modules["django.conf"].settings))


def read_settings() -> NoReturn:
    """Tell what the settings have become, and end. Django is not started."""
    import djinit_values

    # The only step: nobody has to be waited for, and djinit may not be listening yet.
    report("step-started", step="read-settings")
    try:
        with djinit_garbage.paused():
            told = djinit_values.read()
    except BaseException as error:  # SystemExit too
        if EVENTS.is_forked:
            raise
        fail("settings-failed", kind=djinit_blame.limits(error), error=describe(error))
    report_site()
    report("settings", **told)
    report("step-finished", step="read-settings")
    report("finished")
    leave(0)


def manifest(trace: djinit_trace.Trace, probes: djinit_manifest.Probes, is_required: bool) -> None:
    """Report what a later start can do without Django for."""
    import djinit_manifest

    try:
        report("manifest", facts=djinit_manifest.facts(trace, probes, is_required))
    except BaseException as error:
        if is_required or EVENTS.is_forked or isinstance(error, Stopped):
            raise
        report("manifest-failed", error=describe(error))


def main(options: dict[str, Any], steps: list[str]) -> None:
    """Start Django, and do the steps in their order."""
    # As django-admin does it: the project lies in the working directory.
    sys.path.insert(0, os.getcwd())
    if steps == ["read-settings"]:
        read_settings()
    trace: djinit_trace.Trace | None = None
    probes: djinit_manifest.Probes | None = None
    try:
        # What migrations leave behind is looked for as ever.
        with djinit_garbage.paused():
            if "manifest" in steps:
                import django
                import djinit_manifest
                import djinit_trace

                probes = djinit_manifest.Probes(options["manifestIsRequired"])
                trace = djinit_trace.Trace()
            import django
            import djinit_values
            from django.conf import settings

            djinit_values.take_configurations()
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
    report_site()
    locked = Locked(options)
    if is_without := needs_no_database(steps):
        report("no-database")
    actions = {
        "wait-for-database": lambda: wait_for_database(options["databaseTimeoutSeconds"]),
        "migrate": lambda: migrate(options, locked, "superuser" in steps),
        "wait-for-migrations": lambda: wait_for_migrations(options),
        "check-migrations": lambda: check_migrations(options),
        "list-migrations": lambda: list_migrations(chosen_databases(options)),
        "collectstatic": collectstatic,
        "superuser": lambda: superuser(locked),
        "manifest": lambda: manifest(trace, probes, options["manifestIsRequired"]),  # type: ignore[arg-type]  # there where the step is
    }
    changing = [step for step in steps if step in ("migrate", "superuser")]
    for step in steps:
        with lock_loss(step, locked):
            run(step, do_nothing if is_without and step in ABOUT_DATABASE else actions[step])
        if [step] == changing[-1:]:
            locked.release()


@contextlib.contextmanager
def lock_loss(step: str, locked: Locked) -> Iterator[None]:
    """What TERM means where the lock's thread has sent it."""
    try:
        yield
    except Stopped:
        if not locked.lost:
            raise
        told = f"cannot finish step {step}: the lock that keeps other containers from migrating was lost: {locked.lost}"
        fail("step-failed", step=step, kind=djinit_blame.LOCK, message=told)


def leave(status: int) -> NoReturn:
    """End at once. To take the interpreter down object by object would cost a start a sixth of a second."""
    # The connections of a fork are its parent's: to close them would end them on the server.
    if not EVENTS.is_forked:
        if "django.db" in sys.modules:
            with contextlib.suppress(Exception):
                sys.modules["django.db"].connections.close_all()
        atexit._run_exitfuncs()
    djinit_events.flush_output()
    os._exit(status)


def start() -> NoReturn:
    """Do what the arguments say, and end the process."""
    try:
        signal.signal(LATE_SIGNAL, tell_where)
        report("program-started")
        main(OPTIONS, sys.argv[1:])
        report("finished")
        leave(0)
    except Stopped:
        leave(128 + signal.SIGTERM)


if __name__ == "__main__":
    start()
