"""How a celery worker or beat tells djinit that it is alive, what it waits for, and what its tasks have done.

`celery` loads this by the entry point group `celery.commands`, before it loads the application. Nothing happens unless
djinit has set DJINIT_HEARTBEAT, the path of the file that djinit_report writes.

A fault of this module must never be the worker's: whatever fails here is swallowed, and the report goes without it.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import click
import djinit_beat
import djinit_celery_files
from celery import bootsteps, signals
from djinit_beat_end import End
from djinit_farewell import Farewell
from djinit_redelivery import Redelivery
from djinit_report import SHORTEST_PERIOD_S, Counts, Report

PATH = os.environ.get("DJINIT_HEARTBEAT")

# The rhythm of celery's own heartbeat.
PERIOD_S = 2.0
# A question to the broker each time.
QUEUE_PERIOD_S = 15.0
# Where to ask is one cheap command, and does not make the queue. (With SQS it would be a request that is paid for.)
ASKABLE = {"amqp", "redis", "filesystem", "memory"}


@click.command("djinit-heartbeat", hidden=True)
def command() -> None:
    """Print where this process would report to."""
    click.echo(PATH or "DJINIT_HEARTBEAT is not set: nothing is reported")


class Tasks(Counts):
    """In the worker's main process, whatever the pool is."""

    def listen(self, redelivery: Redelivery | None = None) -> None:
        from celery.worker.request import Request

        send_event = Request.send_event

        def counted(request: Any, type: str, **fields: Any) -> Any:  # noqa: A002 celery names it so
            with suppress(Exception):
                self.count(type, request.name, request.id, fields.get("runtime"))
            return send_event(request, type, **fields)

        def received(request: Any = None, **_: object) -> None:
            with suppress(Exception):
                self.count("task-received", request.name, request.id)
                if redelivery is not None:
                    redelivery.received(request)

        # Called for each change of a task's state, whether anybody has asked for events or not.
        Request.send_event = counted
        signals.task_received.connect(received, weak=False)

    def forget_ended(self) -> None:
        """Of the end of some celery tells nothing: of those that raise Ignore, or Reject once they are acknowledged."""
        from celery.worker import state

        # With the pool `threads` one may begin meanwhile: those that are known come first.
        with suppress(RuntimeError):
            known = list(self.running)
            active = {request.id for request in list(state.active_requests)}
            self.drop(task_id for task_id in known if task_id not in active)


def is_idle_beside(lengths: dict[str, int], consumer: Any) -> bool:
    """Whether messages wait, and the worker has none: not one that runs, that waits for its time or for a rate limit."""
    from celery.worker import state

    return any(lengths.values()) and not state.reserved_requests and not state.active_requests and not holds_back(consumer)


def holds_back(consumer: Any) -> bool:
    """Whether the worker has taken messages whose time has not come. They may be all that it may take.

    They are in none of celery's own sets: each in its task's bucket, where it has a rate limit, or in the timer.
    """
    from celery.worker.request import Request

    if any(bucket.contents for bucket in list(consumer.task_buckets.values()) if bucket):
        return True
    # Those of a connection that has been lost are cancelled, and stay there until their time comes.
    entries = (waiting.entry for waiting in list(consumer.timer.schedule.queue))
    return any(isinstance(it, Request) for entry in entries if not entry.canceled for it in entry.args)


def soft_shutdown(app: Any) -> float:
    """Return how many seconds celery waits for tasks once it is to end at once; it can since 5.5."""
    with suppress(Exception):
        return float(app.conf.get("worker_soft_shutdown_timeout") or 0)
    return 0.0


def stops_cold() -> bool:
    """Whether the first signal of a stop begins the soft shutdown."""
    return "DJINIT_STOPS_COLD" in os.environ or os.environ.get("REMAP_SIGTERM") == "SIGQUIT"


def fit_soft_shutdown(app: Any) -> float:
    """Shorten celery's soft shutdown to what the grace period leaves. Returns what follows djinit's last call.

    Celery sleeps for all of it. Killed meanwhile, it would give no task back.
    """
    after_call, from_start = (float(word) for word in os.environ["DJINIT_SOFT_SHUTDOWN_MAX"].split())
    limit = from_start if stops_cold() else after_call
    wanted = soft_shutdown(app)
    if wanted > limit:
        app.conf.worker_soft_shutdown_timeout = limit
        text = "worker_soft_shutdown_timeout is %g s, but DJINIT_GRACE_PERIOD leaves time for %g s: it is shortened to that"
        logging.getLogger("celery.worker").warning(text, wanted, limit)
    return 0.0 if stops_cold() else soft_shutdown(app)


class Queues:
    """How many messages wait. By a connection of its own: the worker's is in the middle of something."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.connection: Any = None
        self.asked_at = 0.0

    def lengths(self) -> dict[str, int] | None:
        now = time.monotonic()
        if now - self.asked_at < QUEUE_PERIOD_S:
            return None
        self.asked_at = now
        try:
            if self.connection is None:
                self.connection = self.app.connection_for_read()
            if self.connection.transport.driver_type not in ASKABLE:
                return None
            return {name: self.length(name) for name in list(self.app.amqp.queues.consume_from)}
        except Exception:
            self.close()
            return None

    def length(self, name: str) -> int:
        channel = self.connection.channel()
        try:
            return channel.queue_declare(queue=name, passive=True).message_count  # type: ignore[no-any-return]
        except self.connection.channel_errors:
            return 0  # with Redis an empty queue is one that does not exist
        finally:
            with suppress(Exception):
                channel.close()

    def close(self) -> None:
        connection, self.connection = self.connection, None
        with suppress(Exception):
            if connection is not None:
                connection.close()


def watch_worker(path: str, app: Any) -> None:
    report = Report(path, "worker")
    tasks = Tasks(report)
    queues = Queues(app)
    redelivery = Redelivery(app)
    # Not the last writing: a worker that is busy writes at each task, and would never come to the rest.
    came_round_at = 0.0
    current: Any = None
    farewell: Farewell | None = None
    report.write(state="starting", active=0)

    def beat() -> None:
        # Where the pool has a timer in a thread of its own, that says nothing of the loop. By the kernel's id: gevent
        # and eventlet have threads of their own making, all in the one there is.
        if threading.get_native_id() != report.facts["pid"]:
            return
        nonlocal came_round_at
        if time.monotonic() - came_round_at < SHORTEST_PERIOD_S:
            return
        came_round_at = time.monotonic()
        report.arm()
        lengths = queues.lengths()
        if lengths is not None:
            report.facts["queues"] = lengths
            since = report.facts.get("idle_since") or came_round_at
            report.facts["idle_since"] = since if is_idle_beside(lengths, current) else None
        tasks.forget_ended()
        oldest = report.facts.get("oldest")
        if oldest is not None:
            redelivery.runs(*oldest)
        report.write(state="connected")

    class Heartbeat(bootsteps.StartStopStep):
        """Begins when the worker consumes, ends when it has lost its broker."""

        requires = ("celery.worker.consumer.tasks:Tasks",)
        timer: Any = None

        def start(self, consumer: Any) -> None:
            nonlocal current
            current = consumer
            with suppress(Exception):
                solo = type(consumer.pool).__module__.endswith(".solo")
                patience = soft_shutdown(app)
                with suppress(Exception):
                    patience = fit_soft_shutdown(app)
                report.write(state="connected", solo=solo, soft_shutdown=patience, idle_since=None)
                report.arm()
                self.timer = consumer.timer.call_repeatedly(PERIOD_S, beat)
                self.watch_turns(consumer)

        def watch_turns(self, consumer: Any) -> None:
            """The loop for brokers without an event loop calls perform_pending_operations in each turn."""
            if "perform_pending_operations" in vars(consumer):
                return
            pending = consumer.perform_pending_operations

            def turn() -> Any:
                with suppress(Exception):
                    beat()
                return pending()

            consumer.perform_pending_operations = turn

        def stop(self, consumer: Any) -> None:
            with suppress(Exception):
                report.disarm()
                queues.close()
                report.write(state="connecting", since=time.monotonic())
                if self.timer is not None:
                    self.timer.cancel()

        shutdown = stop

    def ready(**_: Any) -> None:
        """Tell what the worker tells its log, which the project's own logging may have switched off."""
        report.ready()

    def has_nothing() -> bool:
        from celery.worker import state

        # One that has not come to consume has taken nothing: its broker may not have answered once.
        return not state.reserved_requests and not state.active_requests and (current is None or not holds_back(current))

    def shutting_down(how: str = "", **_: Any) -> None:
        """In the signal's handler; a second signal begins nothing new."""
        nonlocal farewell
        with suppress(Exception):
            if how == "Warm" and farewell is None:
                farewell = Farewell(has_nothing)
                farewell.start()

    app.steps["consumer"].add(Heartbeat)
    signals.worker_ready.connect(ready, weak=False)
    signals.worker_shutting_down.connect(shutting_down, weak=False)
    tasks.listen(redelivery)


def watch_beat(path: str, service: Any) -> None:
    report = Report(path, "beat")
    scheduler = service.scheduler
    djinit_beat.guard(service, path, report)
    tick = scheduler.tick

    end = End(service)

    def watched(*args: Any, **kwargs: Any) -> Any:
        with end.tick():
            with suppress(Exception):
                report.arm()
                report.write_soon(due=time.monotonic())
            wait = tick(*args, **kwargs)
        with suppress(Exception):
            report.disarm()
            facts = {"due": time.monotonic() + (wait or 0.0)}
            if (wait or 0) > SHORTEST_PERIOD_S:
                report.write(**facts)
            else:
                report.write_soon(**facts)
        return wait

    apply_async = scheduler.apply_async

    # What a scheduler makes of an error is to log it, and to go on.
    def sending(*args: Any, **kwargs: Any) -> Any:
        try:
            result = apply_async(*args, **kwargs)
        except Exception:
            if report.facts.get("state") != "connecting":
                report.facts.update(state="connecting", since=time.monotonic())
            raise
        report.facts["state"] = "ticking"
        return result

    scheduler.tick = watched
    scheduler.apply_async = sending
    report.write(state="ticking", due=time.monotonic())


watching = False


def once(watch: Callable[[str, Any], None], path: str, subject: Any) -> None:
    """A beat inside a worker (`worker --beat`) must not write over the worker's report."""
    global watching
    if not watching:
        watching = True
        with suppress(Exception):
            watch(path, subject)


if PATH:
    with suppress(Exception):
        # By its name: `celery-worker.heartbeat` or `celery-beat.heartbeat`
        djinit_celery_files.keep(os.path.dirname(PATH), os.path.basename(PATH).removeprefix("celery-").partition(".")[0])
    signals.celeryd_init.connect(lambda instance, **_: once(watch_worker, PATH, instance.app), weak=False)
    signals.beat_init.connect(lambda sender, **_: once(watch_beat, PATH, sender), weak=False)
