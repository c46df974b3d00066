"""djinit_heartbeat: what a celery worker or beat reports, and that a fault of the report is never theirs."""

import faulthandler
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import djinit_heartbeat as heartbeat
import djinit_redelivery
import djinit_report as reports
import pytest
from celery import Celery, signals
from celery.utils import timer2
from celery.worker import state
from celery.worker.request import Request
from click.testing import CliRunner
from djinit_farewell import Farewell
from kombu import Queue
from kombu.asynchronous import timer as hub_timer
from kombu.utils.limits import TokenBucket


class Clock:
    """Of these modules alone."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(heartbeat, "time", made)
    monkeypatch.setattr(reports, "time", made)
    return made


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # Hooks of forks cannot be taken out again.
    monkeypatch.setattr(os, "register_at_fork", lambda **hooks: None)
    monkeypatch.setattr(Request, "send_event", Request.send_event)
    monkeypatch.setattr(heartbeat, "watching", False)
    restored = (signals.task_received, signals.worker_shutting_down)
    receivers = [list(signal.receivers or []) for signal in restored]
    yield
    faulthandler.cancel_dump_traceback_later()
    for signal, before in zip(restored, receivers, strict=True):
        signal.receivers = before
        signal.sender_receivers_cache.clear()


def read(path: Path) -> dict[str, Any]:
    """The report, which is whole."""
    facts: dict[str, Any] = json.loads(path.read_text())
    assert facts.pop("seq") == facts.pop("end")
    return facts


def report_at(path: Path) -> Any:
    return reports.Report(str(path), "worker")


def test_a_report_is_whole_each_time(tmp_path: Path, clock: Clock) -> None:
    """Also where the one before was longer."""
    report = report_at(tmp_path / "worker")
    report.write(state="connected", note="x" * 1000)
    clock.now += 5
    report.write(state="connecting", note="")
    ours = {"pid": os.getpid(), "kind": "worker", "thread": threading.main_thread().ident}
    assert read(tmp_path / "worker") == {**ours, "state": "connecting", "note": "", "at": 1005.0}
    text = (tmp_path / "worker").read_text()
    assert json.loads(text)["seq"] == 2
    assert len(text) > 1000


def test_a_report_that_cannot_be_written_is_let_go(tmp_path: Path) -> None:
    """The next may be."""
    report = report_at(tmp_path / "worker")
    writable, report.fd = report.fd, os.open("/dev/full", os.O_WRONLY)
    report.write(note=1)
    report.fd = writable
    report.write()
    assert read(tmp_path / "worker")["note"] == 1


def test_soon_is_not_more_often_than_need_be(tmp_path: Path, clock: Clock) -> None:
    """What is not written is in the next one."""
    report = report_at(tmp_path / "worker")
    report.write(active=0)
    clock.now += 0.4
    report.write_soon(active=1)
    assert read(tmp_path / "worker")["active"] == 0
    clock.now += 0.1
    report.write_soon(oldest=None)
    assert read(tmp_path / "worker")["active"] == 1


def test_the_stack_of_one_that_is_stuck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written by another thread; gone as soon as it has come round."""
    monkeypatch.setattr(reports, "STALL_S", 0.05)
    report = report_at(tmp_path / "worker")
    stack = tmp_path / "worker.stack"
    report.arm()
    deadline = time.monotonic() + 10
    while not stack.stat().st_size and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert "test_the_stack_of_one_that_is_stuck" in stack.read_text()
    monkeypatch.setattr(reports, "STALL_S", 60)
    report.arm()
    assert stack.read_text() == ""


def test_a_fork_has_no_watchdog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parent has it again."""
    calls: list[str] = []
    monkeypatch.setattr(faulthandler, "cancel_dump_traceback_later", lambda: calls.append("cancel"))
    monkeypatch.setattr(faulthandler, "dump_traceback_later", lambda *_, **__: calls.append("arm"))
    hooks: dict[str, Callable[[], None]] = {}
    monkeypatch.setattr(os, "register_at_fork", lambda **given: hooks.update(given))
    report = report_at(tmp_path / "worker")
    hooks["before"]()
    hooks["after_in_parent"]()
    assert calls == []
    report.arm()
    hooks["before"]()
    hooks["after_in_parent"]()
    assert calls == ["arm", "cancel", "arm"]


def tasks_at(path: Path) -> Any:
    return heartbeat.Tasks(report_at(path))


def test_tasks_are_counted(tmp_path: Path, clock: Clock) -> None:
    """And how long those took that have come to an end of their own."""
    tasks = tasks_at(tmp_path / "worker")
    for event, task_id, seconds in (
        ("task-received", "1", 0.0),
        ("task-started", "1", 0.2),
        ("task-started", "2", 0.0),
        ("task-succeeded", "1", 3.0),
        ("task-retried", "2", 1.0),
    ):
        tasks.count(event, "bake", task_id)
        clock.now += seconds
    tasks.count("task-started", "sell", "3")
    tasks.count("task-failed", "sell", "3", 5000.0)
    assert tasks.counts == {
        "bake": {"task-received": 1, "task-started": 2, "task-succeeded": 1, "task-retried": 1},
        "sell": {"task-started": 1, "task-failed": 1},
    }
    clock.now += 1
    tasks.report.write()
    assert read(tmp_path / "worker")["tasks"] == tasks.counts
    bounds = list(reports.BUCKETS)
    bake, sell = tasks.runtimes["bake"], tasks.runtimes["sell"]
    assert bake[bounds.index(0.25)] == 1
    assert sum(bake[:-1]) == 1
    assert bake[-1] == pytest.approx(0.2)
    assert sell[len(bounds)] == 1
    assert sell[-1] == 5000.0
    assert tasks.running == {}


def test_a_failure_is_counted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one that its time limit has ended celery tells it twice. A task may fail again when it is run again."""
    monkeypatch.setattr(reports, "MOST_FAILED", 2)
    tasks = tasks_at(tmp_path / "worker")
    for event, task_id in (
        ("task-started", "1"),
        ("task-failed", "1"),
        ("task-failed", "1"),
        ("task-started", "1"),
        ("task-failed", "1"),
        ("task-failed", "2"),
        ("task-failed", "3"),
    ):
        tasks.count(event, "bake", task_id)
    assert tasks.counts["bake"] == {"task-started": 2, "task-failed": 4}
    assert list(tasks.failed) == ["2", "3"]


def test_the_oldest_is_told(tmp_path: Path, clock: Clock) -> None:
    """With its name and since when."""
    tasks = tasks_at(tmp_path / "worker")
    tasks.count("task-started", "bake", "1")
    clock.now += 1
    tasks.count("task-started", "sell", "2")
    facts = read(tmp_path / "worker")
    assert facts["active"] == 2
    assert facts["oldest"] == ["bake", 1000.0]
    clock.now += 1
    tasks.count("task-revoked", "bake", "1")
    facts = read(tmp_path / "worker")
    assert facts["active"] == 1
    assert facts["oldest"] == ["sell", 1001.0]
    assert "bake" not in facts["runtimes"]


def test_one_that_was_never_seen_to_start(tmp_path: Path) -> None:
    """Has a runtime if it says so."""
    tasks = tasks_at(tmp_path / "worker")
    tasks.count("task-failed", "bake", "1")
    assert tasks.runtimes == {}
    tasks.count("task-succeeded", "bake", "2", 0.0)
    assert tasks.runtimes["bake"][0] == 1


def test_what_runs_is_told_by_name(tmp_path: Path, clock: Clock) -> None:
    """The first twenty; in a worker that ends at once, for nothing else writes there."""
    tasks = tasks_at(tmp_path / "worker")
    tasks.report.write(state="connected")
    for number in range(30):
        clock.now += 1
        tasks.count("task-started", "bake", str(number))
    assert read(tmp_path / "worker")["running"] == [["bake", str(number), 1001.0 + number] for number in range(20)]
    tasks.report.write(state="connecting")
    tasks.count("task-succeeded", "bake", "0")
    assert read(tmp_path / "worker")["running"][0] == ["bake", "1", 1002.0]


@pytest.mark.parametrize(
    ("lengths", "reserved", "active", "idle"),
    [
        ({"a": 0, "b": 2}, set(), set(), True),
        ({"a": 0}, set(), set(), False),
        ({"a": 2}, {1}, set(), False),
        ({"a": 2}, set(), {1}, False),
    ],
)
def test_idle_beside_messages(
    lengths: dict[str, int], reserved: set[int], active: set[int], idle: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that has taken a task, or runs one, is not idle."""
    monkeypatch.setattr(state, "reserved_requests", reserved)
    monkeypatch.setattr(state, "active_requests", active)
    assert heartbeat.is_idle_beside(lengths, Consumer()) is idle


def request_of(app: Any, task_id: str = "1") -> Any:
    """As celery makes it of a message."""
    message = SimpleNamespace(
        headers={"id": task_id, "task": "bake"}, body=b"[[], {}, {}]", content_type="application/json", content_encoding="utf-8"
    )
    vars(message).update(properties={"correlation_id": task_id}, delivery_info={}, payload=[[], {}, {}])
    return Request(message, app=app, task=SimpleNamespace(name="bake", ignore_result=True, send_events=False))


def test_one_that_waits_for_a_rate_limit_is_not_idle() -> None:
    """It has taken as many as it may, and they are in none of celery's sets."""
    app = broker()
    consumer = Consumer()
    consumer.task_buckets["bake"] = bucket = TokenBucket(1 / 3600)
    consumer.task_buckets["sell"] = None
    assert heartbeat.is_idle_beside({"a": 2}, consumer) is True
    bucket.add((request_of(app), 1))
    assert heartbeat.is_idle_beside({"a": 2}, consumer) is False


@pytest.mark.parametrize("kind", [hub_timer.Timer, timer2.Timer])
def test_one_that_waits_for_the_time_of_a_task_is_not_idle(kind: Any) -> None:
    """As many as worker_eta_task_limit lets it take. Those of a connection that has been lost do not count."""
    consumer = Consumer()
    consumer.timer = kind()
    consumer.timer.call_repeatedly(3600, print)
    assert heartbeat.is_idle_beside({"a": 2}, consumer) is True
    entry = consumer.timer.call_after(3600, print, (request_of(broker()),))
    assert heartbeat.is_idle_beside({"a": 2}, consumer) is False
    consumer.timer.cancel(entry)
    assert heartbeat.is_idle_beside({"a": 2}, consumer) is True
    if kind is timer2.Timer:
        consumer.timer.stop()


def test_a_task_of_whose_end_celery_tells_nothing(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that raises Ignore, for instance. It would be taken for running for ever."""
    path = tmp_path / "worker"
    _, consumer = worker(path)
    app = broker()
    ended, active = request_of(app, "1"), request_of(app, "2")
    for request in (ended, active):
        state.task_accepted(request)
        request.send_event("task-started")
    clock.now += 1
    consumer.beat()
    assert read(path)["active"] == 2
    state.task_ready(ended)
    clock.now += 1
    consumer.beat()
    facts = read(path)
    assert (facts["active"], [task_id for _, task_id, _ in facts["running"]]) == (1, ["2"])
    state.task_ready(active)


def test_since_when_it_is_idle(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first answer that says so to the next task, or an answer that says otherwise."""
    lengths: list[dict[str, int] | None] = [{"a": 1}, None, {"a": 2}, {"a": 0}, {"a": 1}]
    monkeypatch.setattr(heartbeat.Queues, "lengths", lambda self: lengths.pop(0))
    _, consumer = worker(tmp_path / "worker")
    seen = []
    for _ in range(5):
        clock.now += 1
        consumer.beat()
        seen.append(read(tmp_path / "worker")["idle_since"])
    assert seen == [1001.0, 1001.0, 1001.0, None, 1005.0]
    signals.task_received.send(None, request=SimpleNamespace(name="bake", id="1"))
    clock.now += 1
    signals.task_received.send(None, request=SimpleNamespace(name="bake", id="2"))
    assert read(tmp_path / "worker")["idle_since"] is None


def test_celerys_own_patience() -> None:
    """What is no number is none."""
    app = broker()
    assert heartbeat.soft_shutdown(app) == 0
    app.conf.worker_soft_shutdown_timeout = 7
    assert heartbeat.soft_shutdown(app) == 7
    assert heartbeat.soft_shutdown(None) == 0


def test_celerys_own_patience_fits_the_grace_period(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A soft shutdown that would be cut off by the kill is shortened, and a warning says so; one that fits is left alone."""
    app = broker()
    monkeypatch.setenv("DJINIT_SOFT_SHUTDOWN_MAX", "8.5 21")
    app.conf.worker_soft_shutdown_timeout = 8
    assert heartbeat.fit_soft_shutdown(app) == 8
    assert caplog.messages == []
    app.conf.worker_soft_shutdown_timeout = 60
    assert heartbeat.fit_soft_shutdown(app) == 8.5
    assert app.conf.worker_soft_shutdown_timeout == 8.5
    assert heartbeat.fit_soft_shutdown(app) == 8.5
    shortened = "is shortened to that"
    assert [(shortened in text, "60 s" in text, "8.5 s" in text) for text in caplog.messages] == [(True, True, True)]
    # Where a stop begins with it, it has nearly all of the grace period, and djinit leaves no time for it after its last call.
    monkeypatch.setenv("REMAP_SIGTERM", "SIGQUIT")
    app.conf.worker_soft_shutdown_timeout = 20
    assert heartbeat.fit_soft_shutdown(app) == 0
    assert app.conf.worker_soft_shutdown_timeout == 20
    monkeypatch.delenv("REMAP_SIGTERM")
    monkeypatch.setenv("DJINIT_STOPS_COLD", "1")
    app.conf.worker_soft_shutdown_timeout = 30
    assert heartbeat.fit_soft_shutdown(app) == 0
    assert app.conf.worker_soft_shutdown_timeout == 21


def test_labels_are_bounded(tmp_path: Path) -> None:
    """What comes after the first hundred names is together."""
    tasks = tasks_at(tmp_path / "worker")
    for number in range(reports.MOST_TASKS + 20):
        tasks.count("task-received", f"task{number}", "1")
    assert len(tasks.counts) == reports.MOST_TASKS + 1
    assert tasks.counts["other"] == {"task-received": 20}
    tasks.count("task-received", "task0", "1")
    assert tasks.counts["task0"] == {"task-received": 2}


def test_solo_tells_at_once(tmp_path: Path, clock: Clock) -> None:
    """Until the task has ended it could tell nothing."""
    tasks = tasks_at(tmp_path / "worker")
    for solo, expected in ((False, 0), (True, 2)):
        tasks.report.write(solo=solo, active=0)
        tasks.count("task-started", "bake", str(solo))
        assert read(tmp_path / "worker")["active"] == expected


def test_celery_is_listened_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By what it calls for each change of a task; a fault here is not the task's."""
    sent: list[Any] = []
    monkeypatch.setattr(Request, "send_event", lambda self, event, **fields: sent.append((event, fields)))
    tasks = tasks_at(tmp_path / "worker")
    tasks.listen()
    request: Any = SimpleNamespace(name="bake", id="1")
    Request.send_event(request, "task-succeeded", runtime=2.0)
    signals.task_received.send(None, request=request)
    assert sent == [("task-succeeded", {"runtime": 2.0})]
    assert tasks.counts == {"bake": {"task-succeeded": 1, "task-received": 1}}
    assert tasks.runtimes["bake"][-1] == 2.0
    Request.send_event(SimpleNamespace(), "task-failed")
    signals.task_received.send(None)
    assert len(sent) == 2


def broker(url: str = "memory://") -> Any:
    return Celery("shop", broker=url, set_as_current=False)


def test_queues_are_asked_for_their_lengths(clock: Clock) -> None:
    """Seldom; one that does not exist is empty."""
    app = broker()
    app.conf.task_queues = [Queue("ovens"), Queue("tills")]
    with app.connection_for_write() as connection:
        channel = connection.channel()
        channel.queue_declare(queue="ovens")
        for _ in range(3):
            channel._put("ovens", {})
    queues = heartbeat.Queues(app)
    app.amqp.queues.select(["ovens"])
    assert queues.lengths() == {"ovens": 3}
    assert queues.lengths() is None
    clock.now += 15
    assert queues.lengths() == {"ovens": 3}
    queues.close()
    assert queues.connection is None


def test_a_queue_that_is_not_there(clock: Clock) -> None:
    """With Redis that is an empty one. The channel is closed after it."""
    closed: list[int] = []

    class Missing(Exception):
        pass

    def declare(queue: str, passive: bool) -> None:
        assert passive
        raise Missing

    queues = heartbeat.Queues(None)
    channel = SimpleNamespace(queue_declare=declare, close=lambda: closed.append(1))
    queues.connection = SimpleNamespace(channel=lambda: channel, channel_errors=(Missing,))
    assert queues.length("ovens") == 0
    assert closed == [1]


def test_a_broker_that_is_paid_by_the_question_is_not_asked(clock: Clock) -> None:
    """Such as SQS."""
    transport = SimpleNamespace(driver_type="sqs")
    app = SimpleNamespace(connection_for_read=lambda: SimpleNamespace(transport=transport, channel=pytest.fail))
    assert heartbeat.Queues(app).lengths() is None


def test_a_broker_that_has_gone_is_connected_to_anew(clock: Clock) -> None:
    """The next time."""
    released: list[int] = []

    def fail() -> None:
        raise OSError("gone")

    transport = SimpleNamespace(driver_type="redis")
    connection = SimpleNamespace(transport=transport, channel=fail, channel_errors=(), close=lambda: released.append(1))
    queues_of = SimpleNamespace(queues=SimpleNamespace(consume_from=["ovens"]))
    app = SimpleNamespace(connection_for_read=lambda: connection, amqp=queues_of)
    queues = heartbeat.Queues(app)
    assert queues.lengths() is None
    assert released == [1]
    assert queues.connection is None


class Consumer:
    """What a step of celery's is given."""

    def __init__(self) -> None:
        self.pool = SimpleNamespace()
        self.timer: Any = self
        self.schedule = SimpleNamespace(queue=[])
        self.task_buckets: dict[str, Any] = {}
        self.turns = 0
        self.cancelled = False
        self.beat: Any = None

    def call_repeatedly(self, seconds: float, beat: Any) -> "Consumer":
        assert seconds == heartbeat.PERIOD_S
        self.beat = beat
        return self

    def cancel(self) -> None:
        self.cancelled = True

    def perform_pending_operations(self) -> str:
        self.turns += 1
        return "done"


def worker(path: Path, app: Any = None) -> tuple[Any, Consumer]:
    """(the step, started for a consumer; the consumer)."""
    app = app or broker()
    heartbeat.watch_worker(str(path), app)
    [step] = [step for step in app.steps["consumer"] if step.__name__ == "Heartbeat"]
    consumer = Consumer()
    made = step.__new__(step)
    made.start(consumer)
    return made, consumer


def test_a_worker_beats(tmp_path: Path, clock: Clock) -> None:
    """By its timer and in each turn of its loop, which it gets on with."""
    path = tmp_path / "worker"
    _, consumer = worker(path)
    facts = read(path)
    assert (facts["state"], facts["solo"], facts["active"]) == ("connected", False, 0)
    clock.now += 2
    consumer.beat()
    assert read(path)["at"] == 1002.0
    clock.now += 0.4
    assert consumer.perform_pending_operations() == "done"
    assert read(path)["at"] == 1002.0
    clock.now += 0.1
    assert consumer.perform_pending_operations() == "done"
    assert read(path)["at"] == 1002.5
    assert consumer.turns == 2


def test_what_redis_gives_out_twice_is_told_of(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """When it comes, and while it runs."""
    monkeypatch.setattr(djinit_redelivery, "time", clock)
    app = broker()
    vars(app)["connection_for_read"] = lambda: SimpleNamespace(transport=SimpleNamespace(driver_type="redis"))

    def bake() -> None:
        """Do nothing."""

    for name in ("late", "later"):
        app.task(bake, name=name, acks_late=True, shared=False)
    _, consumer = worker(tmp_path / "worker", app)
    in_a_day = datetime.now(timezone.utc) + timedelta(days=1)
    signals.task_received.send(None, request=SimpleNamespace(name="later", id="1", eta=in_a_day))
    running = request_of(app, "2")
    running.name = "late"
    state.task_accepted(running)
    running.send_event("task-started")
    clock.now += 4000
    consumer.beat()
    state.task_ready(running)
    told = [record.getMessage() for record in caplog.records if "may be run more than once" in record.getMessage()]
    assert [text.split()[1] for text in told] == ["later", "late"]


def test_a_worker_that_ends_warm_is_watched(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first signal on, and asked whether it holds a task."""
    begun: list[Any] = []

    class Watch(Farewell):
        """Would end this process."""

        def start(self) -> None:
            begun.append(self)

    monkeypatch.setattr(heartbeat, "Farewell", Watch)
    app = broker()
    _, consumer = worker(tmp_path / "worker", app)
    for how in ("Cold", "Warm", "Warm"):
        signals.worker_shutting_down.send(None, how=how)
    (watch,) = begun
    assert watch.has_nothing()
    consumer.task_buckets["bake"] = bucket = TokenBucket(1 / 3600)
    bucket.add((request_of(app), 1))
    assert not watch.has_nothing()
    bucket.clear_pending()
    running = request_of(app)
    state.task_accepted(running)
    assert not watch.has_nothing()
    state.task_ready(running)


def test_one_whose_broker_has_never_answered_is_watched(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has come to no consumer, and has no task."""
    asked: list[bool] = []
    monkeypatch.setattr(Farewell, "start", lambda self: asked.append(self.has_nothing()))
    heartbeat.watch_worker(str(tmp_path / "worker"), broker())
    signals.worker_shutting_down.send(None, how="Warm")
    assert asked == [True]


def test_a_timer_of_another_thread_says_nothing_of_the_loop(tmp_path: Path, clock: Clock) -> None:
    """It would tell of a life that is none."""
    path = tmp_path / "worker"
    _, consumer = worker(path)
    clock.now += 2
    thread = threading.Thread(target=consumer.beat)
    thread.start()
    thread.join()
    assert read(path)["at"] == 1000.0


def test_one_turn_is_watched_once(tmp_path: Path, clock: Clock) -> None:
    """A consumer that connects again starts its steps again."""
    step, consumer = worker(tmp_path / "worker")
    turn = consumer.perform_pending_operations
    step.start(consumer)
    assert consumer.perform_pending_operations == turn


def test_a_worker_that_has_lost_its_broker(tmp_path: Path, clock: Clock) -> None:
    """Says since when, and is no longer watched for being stuck."""
    path = tmp_path / "worker"
    step, consumer = worker(path)
    clock.now += 7
    step.stop(consumer)
    facts = read(path)
    assert (facts["state"], facts["since"]) == ("connecting", 1007.0)
    assert consumer.cancelled
    step.stop(None)
    step.start(None)


class Scheduler:
    """Beat's."""

    def __init__(self) -> None:
        self.wait: Any = 5.0
        self.broken = False

    def tick(self, *args: Any) -> Any:
        return self.wait

    def apply_async(self, entry: str) -> str:
        if self.broken:
            raise OSError("no broker")
        return f"sent {entry}"


def test_beat_says_when_it_is_due(tmp_path: Path, clock: Clock) -> None:
    """Before its turn and after it."""
    path = tmp_path / "beat"
    scheduler = Scheduler()
    heartbeat.watch_beat(str(path), SimpleNamespace(scheduler=scheduler))
    assert read(path)["due"] == 1000.0
    assert read(path)["kind"] == "beat"
    clock.now += 1
    assert scheduler.tick() == 5.0
    assert read(path)["due"] == 1006.0
    scheduler.wait = None
    clock.now += 5
    assert scheduler.tick() is None
    assert read(path)["due"] == 1006.0
    clock.now += 1
    scheduler.tick()
    assert read(path)["due"] == 1007.0


def test_beat_without_its_broker(tmp_path: Path, clock: Clock) -> None:
    """Since the first failure, until something has been sent."""
    scheduler = Scheduler()
    heartbeat.watch_beat(str(tmp_path / "beat"), SimpleNamespace(scheduler=scheduler))

    def facts() -> Any:
        clock.now += 1
        scheduler.tick()
        return read(tmp_path / "beat")

    scheduler.broken = True
    for _ in range(2):
        with pytest.raises(OSError, match="no broker"):
            scheduler.apply_async("bake")
        assert (facts()["state"], facts()["since"]) == ("connecting", 1000.0)
    scheduler.broken = False
    assert scheduler.apply_async("bake") == "sent bake"
    assert facts()["state"] == "ticking"


def test_a_beat_inside_a_worker_reports_nothing() -> None:
    """The worker's report is its own; whatever fails is nobody's business."""
    watched: list[object] = []

    def watch(path: str, subject: object) -> None:
        watched.append((path, subject))
        raise OSError("no such directory")

    heartbeat.once(watch, "worker", 1)
    heartbeat.once(watch, "beat", 2)
    assert watched == [("worker", 1)]


@pytest.mark.parametrize("path", [None, "/run/celery/worker"])
def test_the_command_tells_where_it_reports(path: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a path it says why not."""
    monkeypatch.setattr(heartbeat, "PATH", path)
    told = CliRunner().invoke(heartbeat.command).output
    assert told == (f"{path}\n" if path else "DJINIT_HEARTBEAT is not set: nothing is reported\n")
