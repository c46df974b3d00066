"""djinit_beat: of several beats one sends, and each tick is sent once. celery's own scheduler; SQLite's table is real."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import djinit_beat
import djinit_beat_keeper
import djinit_beat_stores as stores
import pytest
from celery import Celery
from celery.beat import ScheduleEntry, Scheduler
from celery.schedules import schedstate, schedule
from djinit_report import Report
from kombu.exceptions import OperationalError


class Shared:
    """What all beats of a test have in common: a lease, and the last runs."""

    def __init__(self) -> None:
        self.leader = ""
        self.until = 0.0
        self.known: dict[str, float] = {}


class Memory:
    """A store whose answers can be taken away."""

    kind = "redis"

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.fails: Exception | None = None
        #: Of claims: what is asked is done, and the answer lost.
        self.loses_answers = False

    def held(self, holder: str) -> bool:
        if self.fails is not None:
            raise self.fails
        return self.shared.leader == holder and time.monotonic() < self.shared.until

    def take(self, holder: str, seconds: float) -> str:
        if not self.held(holder) and time.monotonic() < self.shared.until:
            return self.shared.leader
        self.shared.leader, self.shared.until = holder, time.monotonic() + seconds
        return holder

    def claim(self, holder: str, seconds: float, runs: dict[str, float]) -> bool:
        held = self.held(holder)
        if held:
            self.shared.until = time.monotonic() + seconds
            self.shared.known.update(runs)
        if self.loses_answers and runs:
            raise ConnectionError("the answer is lost")
        return held

    def runs(self) -> dict[str, float]:
        self.held("")
        return dict(self.shared.known)

    def release(self, holder: str) -> None:
        if self.held(holder):
            self.shared.until = 0.0

    def refuses(self, error: Exception) -> bool:
        return isinstance(error, PermissionError)

    def close(self) -> None:
        pass


class Beat:
    """One beat: its scheduler, with what it has sent."""

    def __init__(self, shared: Shared, name: str, directory: Path, optional: bool = True) -> None:
        app = Celery("beats", broker="memory://", set_as_current=False)
        app.conf.beat_schedule = {"bake": {"task": "bake", "schedule": timedelta(hours=1)}}
        self.sent: list[str] = []
        self.store = Memory(shared)
        self.report = Report(str(directory / f"{name}.heartbeat"), "beat")
        self.scheduler = Scheduler(app)
        self.scheduler.send_task = lambda task, *_, **__: self.sent.append(task)
        self.scheduler.producer = None
        self.keeper = djinit_beat_keeper.Keeper(self.store, name, self.report, optional)
        self.leadership = djinit_beat.Leadership(self.scheduler, self.keeper, optional)
        self.keeper.start()

    def make_due(self) -> None:
        """As if an hour had passed, for this scheduler alone."""
        for entry in self.scheduler.schedule.values():
            entry.last_run_at -= timedelta(hours=1)
        self.scheduler._heap = None

    def tick_until(self, ready: Callable[[], object], limit_s: float = 20.0) -> None:
        deadline = time.monotonic() + limit_s
        while not ready():
            assert time.monotonic() < deadline
            self.scheduler.tick()
            time.sleep(0.005)

    def lead(self) -> None:
        self.tick_until(lambda: self.leadership.term > 0)

    def tick_on(self, times: int = 20) -> None:
        for _ in range(times):
            self.scheduler.tick()
            time.sleep(0.005)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(djinit_beat_keeper, "PERIOD_S", 0.02)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Beat]]:
    shared = Shared()
    beats: list[Beat] = []

    def made(name: str, **more: Any) -> Beat:
        beats.append(Beat(shared, name, tmp_path, **more))
        return beats[-1]

    yield made
    for beat in beats:
        beat.keeper.end()


def test_one_sends_and_the_other_stands_by(make: Callable[..., Beat]) -> None:
    """Until the first has ended; the tick that it has sent is not sent again."""
    first = make("first")
    first.lead()
    second = make("second")
    first.make_due()
    second.make_due()
    first.tick_until(lambda: first.sent)
    second.tick_on()
    assert (first.sent, second.sent) == (["bake"], [])
    assert second.report.facts["leads_until"] == 0.0
    assert first.report.facts["leads_until"] > time.monotonic()
    first.scheduler.close()
    second.lead()
    second.tick_on()
    assert second.sent == []
    first.tick_on()
    assert first.sent == ["bake"]


def test_what_was_due_at_a_takeover_is_sent(make: Callable[..., Beat]) -> None:
    first = make("first")
    first.lead()
    first.scheduler.close()
    second = make("second")
    # It ran an hour ago, whoever has sent it.
    second.store.shared.known["bake"] -= 3600
    second.lead()
    second.make_due()
    second.tick_until(lambda: second.sent)
    assert second.sent == ["bake"]


def test_an_entry_read_anew_with_an_old_time_is_not_sent_twice(make: Callable[..., Beat]) -> None:
    """As django-celery-beat does, whose times are written every three minutes."""
    first = make("first")
    first.lead()
    first.make_due()
    first.tick_until(lambda: first.sent)
    first.make_due()
    first.tick_on()
    assert first.sent == ["bake"]


class Clocked(schedule):  # type: ignore[misc]
    """As django-celery-beat's for a task at one time: when that is over it is due, whenever it has run."""

    def is_due(self, last_run_at: Any) -> Any:
        return schedstate(True, 1e8)


class Once(ScheduleEntry):  # type: ignore[misc]
    """As django-celery-beat's entry of a row: the row says whether it is to run once, and has."""

    def __init__(self, model: Any, app: Any) -> None:
        at = Clocked(timedelta(hours=1), app=app)
        super().__init__(model.name, "clock", schedule=at, app=app, last_run_at=model.last_run_at)
        self.model = model

    def is_due(self) -> Any:
        if self.model.one_off and self.model.total_run_count:
            return schedstate(False, 1e8)
        return super().is_due()

    def __next__(self) -> "Once":
        self.model.total_run_count += 1
        self.model.last_run_at = self.default_now()
        return Once(self.model, self.app)


def add_once(beat: Beat, changed: datetime) -> Any:
    """As each beat has read it."""
    model = SimpleNamespace(name="clock", one_off=True, total_run_count=0, date_changed=changed, last_run_at=changed)
    beat.scheduler.schedule = {**beat.scheduler.schedule, "clock": Once(model, beat.scheduler.app)}
    return model


def test_a_task_that_runs_once_runs_once(make: Callable[..., Beat]) -> None:
    """Whoever leads next may have read it before it ran, or what has been written of it since may be missing."""
    long_ago = datetime.now(timezone.utc) - timedelta(days=1)
    first, second, third = make("first"), make("second"), make("third")
    for beat in (first, second, third):
        add_once(beat, long_ago)
    first.tick_until(lambda: first.sent)
    assert first.sent == ["clock"]
    first.leadership.led_close()
    second.lead()
    second.tick_on()
    assert second.sent == []
    second.leadership.led_close()
    # Somebody has enabled it again.
    add_once(third, datetime.now(timezone.utc))
    third.tick_until(lambda: third.sent)


def test_a_leader_that_was_paused_before_the_claim_sends_nothing(make: Callable[..., Beat]) -> None:
    """Whatever its own clock says."""
    first = make("first")
    first.lead()
    first.make_due()
    first.store.shared.leader = "second"
    first.keeper.until = djinit_beat_keeper.now() + 3600
    first.tick_on()
    assert first.sent == []
    assert "bake" not in {name for name, at in first.store.shared.known.items() if at > time.time() - 1 and first.sent}


def test_a_leader_that_was_paused_after_the_claim_asks_again(make: Callable[..., Beat], caplog: pytest.LogCaptureFixture) -> None:
    """It sends nothing, and says what. If it leads again and nobody has sent another, it sends it."""
    first = make("first")
    first.lead()
    shared = first.store.shared
    reserve = first.scheduler.reserve

    def pause(entry: Any) -> Any:
        shared.leader, shared.until = "second", time.monotonic() + 3600
        first.keeper.until = 0.0
        first.scheduler.reserve = reserve
        return reserve(entry)

    first.scheduler.reserve = pause
    first.make_due()
    first.tick_until(lambda: "does not send bake" in caplog.text)
    assert first.sent == []
    shared.until = 0.0
    first.tick_until(lambda: first.sent)
    assert first.sent == ["bake"]


def test_a_claim_whose_answer_is_lost_is_made_again(make: Callable[..., Beat]) -> None:
    """The store knows of a run that has not been: it is the same beat's, and it is sent."""
    first = make("first")
    first.lead()
    before = first.store.shared.known["bake"]
    first.store.loses_answers = True
    first.make_due()
    first.tick_until(lambda: first.store.shared.known["bake"] > before)
    first.tick_on()
    assert first.sent == []
    first.store.loses_answers = False
    first.tick_until(lambda: first.sent)
    first.tick_on()
    assert first.sent == ["bake"]


def test_without_the_store_nothing_is_sent(make: Callable[..., Beat], caplog: pytest.LogCaptureFixture) -> None:
    """Said once; when it is back, beat goes on."""
    first = make("first")
    first.lead()
    first.store.fails = ConnectionError("no route")
    first.make_due()
    first.tick_until(lambda: first.report.facts["lock_lost"])
    first.tick_on()
    assert first.sent == []
    assert caplog.text.count("cannot reach its lock (redis), and sends nothing until it can: no route") == 1
    first.store.fails = None
    first.tick_until(lambda: first.sent)
    assert first.report.facts["lock_lost"] is None


@pytest.mark.parametrize(
    ("error", "yields"), [(OperationalError("refused"), True), (ConnectionError("reset"), True), (TypeError("args"), False)]
)
def test_one_that_cannot_reach_its_broker_lets_another_lead(error: Exception, yields: bool, make: Callable[..., Beat]) -> None:
    """But not for a task that nobody could send."""
    first = make("first")
    first.lead()

    def fail(*_: Any, **__: Any) -> None:
        raise error

    first.scheduler.send_task = fail
    second = make("second")
    first.make_due()
    first.store.shared.known["bake"] = first.leadership.runs["bake"] = 0.0
    first.tick_on()
    if yields:
        second.lead()
        assert not first.keeper.leads()
    else:
        second.tick_on()
        assert second.leadership.term == 0


def test_one_that_hangs_lets_another_lead(make: Callable[..., Beat], monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a broker's library that waits for an answer."""
    monkeypatch.setattr(djinit_beat_keeper, "HANG_S", 0.1)
    first = make("first")
    first.lead()
    second = make("second")
    hangs = threading.Event()
    first.scheduler.send_task = lambda *_, **__: hangs.wait(20)
    first.make_due()
    first.store.shared.known["bake"] = first.leadership.runs["bake"] = 0.0
    thread = threading.Thread(target=first.tick_on)
    thread.start()
    second.lead()
    assert not first.keeper.leads()
    hangs.set()
    thread.join()


def test_a_new_term_sends_on_a_new_connection(make: Callable[..., Beat]) -> None:
    """The old one may be dead, and then even its end would wait for an answer."""
    first = make("first")
    first.lead()
    released, may_end = threading.Event(), threading.Event()

    def release() -> None:
        released.set()
        may_end.wait(20)

    vars(first.scheduler).update(connection=SimpleNamespace(release=release), producer="the old one")
    first.tick_on()
    assert not released.is_set()
    shared = first.store.shared
    shared.leader, shared.until = "second", time.monotonic() + 0.2
    term = first.leadership.term
    began = time.monotonic()
    first.tick_until(lambda: first.leadership.term > term)
    assert time.monotonic() - began < 10
    assert released.wait(5)
    may_end.set()
    assert not {"connection", "producer"} & set(vars(first.scheduler))


def test_a_store_that_comes_back_and_refuses(make: Callable[..., Beat], caplog: pytest.LogCaptureFixture) -> None:
    """It was away when beat began."""
    first = make("first")
    first.store.fails = ConnectionError("no answer")
    first.tick_until(lambda: first.keeper.failing_since)
    first.store.fails = PermissionError("no")
    first.make_due()
    first.tick_until(lambda: first.sent)
    assert [record.levelname for record in caplog.records if "its lock" in record.message or "no lock" in record.message] == [
        "WARNING",
        "WARNING",
    ]


@pytest.mark.parametrize("optional", [True, False])
def test_a_store_that_lets_nobody_keep_a_lock(
    optional: bool, make: Callable[..., Beat], caplog: pytest.LogCaptureFixture
) -> None:
    """Without the variable beat sends as it always did; with it, it does not."""
    first = make("first", optional=optional)
    first.store.fails = PermissionError("NOPERM")
    first.make_due()
    first.tick_until(lambda: "NOPERM" in caplog.text)
    if optional:
        first.tick_until(lambda: first.sent)
        assert "lock" not in first.report.facts
    else:
        first.tick_on()
        assert first.sent == []


@pytest.fixture
def table(tmp_path: Path, default_settings: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[], stores.DatabaseStore]:
    from django.db.utils import ConnectionHandler

    # They keep the connections that they find when they are imported.
    import_module("django.db.models")
    path = str(tmp_path / "beat.sqlite3")
    handler = ConnectionHandler({"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": path, "OPTIONS": {"pool": True}}})
    monkeypatch.setattr(stores, "with_timeouts", lambda vendor, given: {**given, "OPTIONS": {}})
    monkeypatch.setattr("django.db.connections", handler)
    return lambda: stores.DatabaseStore("shop")


def test_the_table(table: Callable[[], stores.DatabaseStore]) -> None:
    """A lease is one holder's until it is over, or given back; only its holder can tell of runs."""
    one, other = table(), table()
    assert one.take("one", 60) == "one"
    assert other.take("other", 60) == "one"
    assert one.runs() == {}
    assert one.claim("one", 60, {"bake": 1.5})
    assert not other.claim("other", 60, {"bake": 9.0})
    assert other.runs() == {"bake": 1.5}
    other.release("other")
    assert other.take("other", 60) == "one"
    one.release("one")
    assert other.take("other", 0) == "other"
    time.sleep(0.01)
    assert not other.claim("other", 60, {"bake": 9.0})
    assert one.take("one", 60) == "one"
    assert one.claim("one", 60, {"sell": 2.25})
    assert other.runs() == {"bake": 1.5, "sell": 2.25}


def test_what_is_remembered_too_long_is_forgotten(
    table: Callable[[], stores.DatabaseStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = table()
    one.take("one", 60)
    one.claim("one", 60, {"bake": 1.5})
    one.release("one")
    monkeypatch.setattr(stores, "REMEMBERED_S", -1)
    one.take("one", 60)
    assert one.runs() == {}


def test_the_oldest_that_run_once_are_forgotten(
    table: Callable[[], stores.DatabaseStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever runs again is not, however long ago it ran."""
    monkeypatch.setattr(stores, "MOST_ONCE", 2)
    one = table()
    one.take("one", 60)
    one.claim("one", 60, {"each month": 0.5})
    for at in (1.0, 2.0, 3.0):
        one.claim("one", 60, {f"cake {at}": at, f"cake {at}{stores.ONCE}": at})
    kept = {name: at for at in (2.0, 3.0) for name in (f"cake {at}", f"cake {at}{stores.ONCE}")}
    assert one.runs() == {"each month": 0.5, **kept}


def test_options_of_the_connection() -> None:
    """Its own, without a pool, and with limits."""
    given = {"NAME": "shop", "OPTIONS": {"pool": True, "sslmode": "require"}}
    options = stores.with_timeouts("postgresql", given)["OPTIONS"]
    assert options == {"sslmode": "require", "connect_timeout": 2, "tcp_user_timeout": 2000}
    assert given["OPTIONS"] == {"pool": True, "sslmode": "require"}


class Script:
    """What a script is asked with."""

    def __init__(self, answer: Any) -> None:
        self.asked: tuple[Any, ...] = ()
        self.answer = answer

    def eval(self, *words: Any) -> Any:
        self.asked = words
        return self.answer


def test_the_keys_in_redis_have_the_prefix_of_the_projects_own() -> None:
    client = Script([b"bake", b"1.5"])
    store = stores.RedisStore("shop", lambda: (client, "app:"))
    assert store.runs() == {"bake": 1.5}
    assert client.asked == (stores.RUNS, 2, "app:djinit-beat:{shop}", "app:djinit-beat:{shop}:runs")


def app_of(**conf: Any) -> Any:
    app = Celery("beats", set_as_current=False)
    app.conf.update(conf)
    return app


@pytest.mark.parametrize(
    ("mode", "conf", "kind"),
    [
        ("auto", {"broker_url": "redis://r/0"}, "redis"),
        ("auto", {"broker_url": "amqp://r"}, None),
        ("auto", {"broker_url": "amqp://r", "result_backend": "redis://r/0"}, None),
        ("off", {"broker_url": "redis://r/0"}, None),
        ("redis", {"broker_url": "amqp://r", "result_backend": "redis://r/0"}, "redis"),
        ("database", {"broker_url": "redis://r/0"}, "database"),
    ],
)
def test_the_store_that_is_chosen(mode: str, conf: dict[str, str], kind: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "shop.settings")
    driver = SimpleNamespace(driver_type=conf["broker_url"].partition(":")[0])
    broker = SimpleNamespace(transport=driver)

    class Connection:
        def __enter__(self) -> Any:
            return broker

        def __exit__(self, *_: object) -> None: ...

    app = app_of(**conf)
    monkeypatch.setattr(app, "connection_for_write", Connection)
    store = djinit_beat.choose(app, Scheduler(app, lazy=True), mode)
    assert (store and store.kind) == kind


def test_a_scheduler_with_a_lock_of_its_own_is_left_alone() -> None:
    own: Any = type("RedBeatScheduler", (), {"__module__": "redbeat.schedulers"})
    derived = type("Scheduler", (own,), {"__module__": "shop.schedulers"})
    for kind in (own, derived):
        assert djinit_beat.choose(app_of(broker_url="redis://r/0"), kind(), "redis") is None


@pytest.mark.parametrize("mode", ["redis", "database"])
def test_a_lock_that_cannot_be_had_ends_beat(
    mode: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    app = app_of(broker_url="memory://")
    with pytest.raises(SystemExit) as ended:
        djinit_beat.choose(app, Scheduler(app, lazy=True), mode)
    assert ended.value.code == djinit_beat.USAGE
    assert f"DJINIT_BEAT_LOCK is {mode}, but " in capsys.readouterr().err


def test_the_holder_is_the_same_after_a_restart_and_no_other_services() -> None:
    assert djinit_beat.holder_of("/run/celery/a.heartbeat") == djinit_beat.holder_of("/run/celery/a.heartbeat")
    assert djinit_beat.holder_of("/run/celery/b.heartbeat") != djinit_beat.holder_of("/run/celery/a.heartbeat")
    assert djinit_beat.holder_of("/run/celery/a.heartbeat").startswith("a@")
