"""Of any number of beats, one sends (DJINIT_BEAT_LOCK). What is wrapped here is the scheduler of the beat in this process.

The lease lies in Redis or in the database (djinit_beat_stores), and is kept by a thread (djinit_beat_keeper). A beat that does
not hold it stands by: it does not tick. Each tick is claimed in the store before it is sent, in one step with the question
whether this beat still leads. So a leader that was paused sends nothing that another one has sent, whatever its clocks say; and
whoever leads next knows when each entry ran last. A claim comes before its sending: a leader that is killed between the two
loses that tick, and never doubles it.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
import threading
import time
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

from djinit_beat_keeper import Keeper, now
from djinit_beat_stores import ONCE, DatabaseStore, RedisStore, Store
from kombu.exceptions import OperationalError

if TYPE_CHECKING:
    from djinit_report import Report

log = logging.getLogger("celery.beat")

#: As click does; a new start would end in the same way.
USAGE = 2
#: How often one that stands by looks whether it leads now. It asks nobody: the keeper does.
POLL_S = 0.25


class NotLeadingError(BaseException):
    """Passes through celery's own `except Exception`, which would log a failed task and go on."""


def holder_of(path: str) -> str:
    """Name this service of this container: the same after a restart of its process: its own lease is not waited for."""
    parent = os.getppid()
    with open(f"/proc/{parent}/stat", encoding="utf-8", errors="replace") as file:
        began = file.read().rpartition(")")[2].split()[19]
    namespace = os.stat("/proc/self/ns/pid").st_ino
    name = os.path.basename(path).partition(".heartbeat")[0]
    return f"{name}@{socket.gethostname()} {namespace}/{parent}/{began}"


def lock_name(app: Any, scheduler: Any) -> str:
    """What beats of one schedule have in common, also over a new version of it."""
    settings = os.environ.get("DJANGO_SETTINGS_MODULE", "")
    return "/".join((app.main or "", settings, app.conf.task_default_queue, type(scheduler).__name__))


def misuse(text: str) -> NoReturn:
    print(f"Error: {text}", file=sys.stderr, flush=True)
    sys.exit(USAGE)


def choose(app: Any, scheduler: Any, mode: str) -> Store | None:
    """The store of the lock, or None where there is to be none."""
    # RedBeat, or what is derived from it, has a lock of its own, and the times of its entries in Redis.
    if mode == "off" or any(kind.__module__.partition(".")[0] == "redbeat" for kind in type(scheduler).__mro__):
        return None
    name = lock_name(app, scheduler)
    if mode == "database":
        if not os.environ.get("DJANGO_SETTINGS_MODULE"):
            misuse("DJINIT_BEAT_LOCK is database, but DJANGO_SETTINGS_MODULE, which says where it is, is not set")
        return DatabaseStore(name)
    with app.connection_for_write() as broker:
        in_broker = broker.transport.driver_type == "redis"
    if in_broker:
        return RedisStore.of_broker(app, name)
    if mode != "redis":
        return None
    if not str(app.conf.result_backend or "").startswith(("redis", "valkey", "sentinel")):
        misuse("DJINIT_BEAT_LOCK is redis, but neither the broker nor the result backend is: use database or off")
    return RedisStore.of_results(app, name)


def stamp(moment: datetime | None) -> float:
    """Seconds since 1970; 0 for what means «never»."""
    with suppress(OverflowError, ValueError, OSError):
        return max(0.0, moment.timestamp()) if moment is not None else 0.0
    return 0.0


def set_last_run(entry: Any, seconds: float) -> None:
    """In the zone of the scheduler's own times."""
    zone = getattr(entry.last_run_at, "tzinfo", None) or getattr(entry.default_now(), "tzinfo", None)
    entry.last_run_at = datetime.fromtimestamp(seconds, zone)
    # django-celery-beat makes the next entry of this.
    model = getattr(entry, "model", None)
    if model is not None:
        model.last_run_at = entry.last_run_at


def once(entry: Any) -> str:
    """Under what the run of a task is kept that runs once."""
    return f"{entry.name}{ONCE}"


def runs_once(entry: Any) -> bool:
    """Of django-celery-beat's."""
    return bool(getattr(getattr(entry, "model", None), "one_off", False))


def count_run(entry: Any, seconds: float) -> None:
    """Let the scheduler know that a task which runs once has run: its clocked schedule is due for ever.

    django-celery-beat writes its counts every 3 minutes, and this beat may have read them long ago. What has been changed since
    the run, such as a task that somebody has enabled again, is to run again.
    """
    model = entry.model
    if not model.total_run_count and stamp(model.date_changed) < seconds:
        model.total_run_count = 1


def let_go(connection: Any) -> None:
    with suppress(Exception):
        connection.release()


class Leadership:
    """Of one scheduler."""

    def __init__(self, scheduler: Any, keeper: Keeper, optional: bool) -> None:
        self.scheduler = scheduler
        self.keeper = keeper
        #: Whether beat goes on without the lock where the store refuses it.
        self.optional = optional
        #: The term that this scheduler knows the last runs of.
        self.term = 0
        self.runs: dict[str, float] = {}
        #: Claimed and not sent yet, in this tick.
        self.claimed: set[str] = set()
        #: Claimed, or perhaps claimed, and never sent.
        self.unsent: dict[str, float] = {}
        self.tick, self.is_due = scheduler.tick, scheduler.is_due
        self.apply_async, self.close = scheduler.apply_async, scheduler.close
        scheduler.tick, scheduler.is_due = self.led_tick, self.led_is_due
        scheduler.apply_async, scheduler.close = self.led_apply_async, self.led_close

    @property
    def unlocked(self) -> bool:
        """Whether the store does not let beat have a lock, and it goes on without one."""
        return self.optional and self.keeper.refused

    def led_tick(self, *args: Any, **kwargs: Any) -> Any:
        if self.unlocked:
            return self.tick(*args, **kwargs)
        if not self.keeper.leads() or not self.begin_term():
            return POLL_S
        self.keeper.busy_since = now()
        try:
            return self.tick(*args, **kwargs)
        except NotLeadingError:
            # The entry may have been taken from it.
            self.scheduler._heap = None
            return POLL_S
        finally:
            self.keeper.busy_since = None

    def begin_term(self) -> bool:
        """Whether it is known when each entry ran last, whoever sent it."""
        term = self.keeper.term
        if term == self.term:
            return True
        self.claimed.clear()
        runs = self.keeper.runs()
        if runs is None:
            return False
        self.runs = runs
        entries = self.scheduler.schedule
        for entry in entries.values():
            self.catch_up(entry)
        # The next leader is to count from the same moments.
        unknown = {name: stamp(entry.last_run_at) for name, entry in entries.items() if name not in runs}
        if unknown and not self.keeper.claim(unknown):
            return False
        self.term = term
        self.scheduler._heap = None
        self.connect_anew()
        log.info("beat leads: it sends what is due")
        return True

    def connect_anew(self) -> None:
        """Send nothing on a connection that lay idle while this beat stood by.

        A network that was away, or something between that forgets what is idle, has cut it without a word: the first sending
        would hang for minutes, or be lost.
        """
        connection = vars(self.scheduler).pop("connection", None)
        if connection is not None:
            vars(self.scheduler).pop("producer", None)
            # It may hang in its farewell.
            threading.Thread(target=let_go, args=(connection,), daemon=True).start()

    def catch_up(self, entry: Any) -> None:
        """Know of a run by another beat, or of one that the scheduler has forgotten."""
        last = self.runs.get(entry.name)
        if last is None or last == self.unsent.get(entry.name):
            return
        if last > stamp(entry.last_run_at):
            set_last_run(entry, last)
        if runs_once(entry) and once(entry) in self.runs:
            count_run(entry, self.runs[once(entry)])

    def led_is_due(self, entry: Any) -> Any:
        if self.unlocked:
            return self.is_due(entry)
        self.catch_up(entry)
        answer = self.is_due(entry)
        if answer[0]:
            self.claim(entry)
        return answer

    def claim(self, entry: Any) -> None:
        at = time.time()
        runs = {entry.name: at, **({once(entry): at} if runs_once(entry) else {})}
        if not self.keeper.claim(runs):
            # The answer may have been lost on its way.
            self.unsent[entry.name] = at
            raise NotLeadingError
        self.runs.update(runs)
        self.claimed.add(entry.name)

    def led_apply_async(self, entry: Any, *args: Any, **kwargs: Any) -> Any:
        if not self.unlocked:
            self.see_that_it_leads(entry)
        self.unsent.pop(entry.name, None)
        try:
            return self.apply_async(entry, *args, **kwargs)
        except Exception as error:
            # Not for a task that nobody could send.
            if isinstance(error.__context__ or error, (OSError, OperationalError)):
                self.keeper.step_back()
            raise

    def see_that_it_leads(self, entry: Any) -> None:
        """Immediately before it is sent. Raises if it may not be."""
        if entry.name not in self.claimed:
            self.claim(entry)
        self.claimed.discard(entry.name)
        # Paused since the claim. It is this beat's, but another one may have sent the next by now.
        if not self.keeper.leads() and not self.keeper.claim({}):
            self.unsent[entry.name] = self.runs[entry.name]
            with suppress(Exception):
                set_last_run(entry, stamp(entry.last_run_at))
                self.scheduler.schedule[entry.name] = entry
            log.warning("beat no longer leads, and does not send %s, which was due", entry.name)
            raise NotLeadingError

    def led_close(self, *args: Any, **kwargs: Any) -> Any:
        self.keeper.end()
        return self.close(*args, **kwargs)


def guard(service: Any, path: str, report: Report) -> None:
    """Errors: ends the process where the lock is one that cannot be had here."""
    mode = os.environ.get("DJINIT_BEAT_LOCK") or "auto"
    scheduler = service.scheduler
    optional = mode == "auto"
    try:
        store = choose(service.app, scheduler, mode)
        if store is None:
            return
        keeper = Keeper(store, holder_of(path), report, optional)
        keeper.start()
    except Exception:
        log.exception("beat has no lock")
        if not optional:
            sys.exit(1)
        return
    Leadership(scheduler, keeper, optional)
