"""djinit_lock: one holder at a time, who is told when it holds it no longer. With SQLite's file lock; another process is real."""

import fcntl
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import djinit_lock
import djinit_patience
import pytest

#: Holds a file's lock until its stdin ends.
HOLDER = """
import fcntl, sys
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(djinit_patience, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(djinit_lock, "CHECK_SECONDS", 0.01)


def use(monkeypatch: pytest.MonkeyPatch, vendor: str, name: object = "shop") -> SimpleNamespace:
    """Make it the default database, by what a lock asks of it."""
    default = SimpleNamespace(vendor=vendor, settings_dict={"NAME": name})

    class Connections(dict[str, Any]):
        def create_connection(self, alias: str) -> Any:
            return Session(self[alias].settings_dict)

    connections = Connections(default=default)
    monkeypatch.setattr("django.db.connections", connections)
    return default


class Session:
    """A connection that answers from a list, and notes what it is asked."""

    def __init__(self, settings_dict: dict[str, Any], rows: tuple[Any, ...] = ()) -> None:
        self.settings_dict = settings_dict
        self.rows = list(rows)
        self.asked: list[tuple[str, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.asked.append((name, *map(str, arguments)))

    def cursor(self) -> "Session":
        return self

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def fetchone(self) -> Any:
        return self.rows.pop(0)

    def names(self) -> list[str]:
        return [name for name, *_ in self.asked]


def lock(told: list[str]) -> djinit_lock.Lock:
    return djinit_lock.Lock(lambda: told.append("waits"), lambda: told.append("missing"))


def test_held_inside_and_free_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is told where nobody else has it."""
    use(monkeypatch, "sqlite", tmp_path / "db")
    told: list[str] = []
    with lock(told) as held, open(tmp_path / "db.djinit-lock", "rb") as other:
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Past many looks at whether it is still held.
        time.sleep(0.1)
        assert held.lost is None
    with open(tmp_path / "db.djinit-lock", "rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert told == []
    assert (tmp_path / "db.djinit-lock").stat().st_mode & 0o007 == 0


def test_waits_for_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so once, however often it asks."""
    use(monkeypatch, "sqlite", tmp_path / "db")
    program = [sys.executable, "-c", HOLDER, str(tmp_path / "db.djinit-lock")]
    other = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout is not None
    other.stdout.readline()
    told: list[str] = []
    waiting = lock(told)
    waiting.thread.start()
    assert not waiting.held.wait(0.2)
    assert told == ["waits"]
    other.communicate()
    assert waiting.held.wait(10)
    assert waiting.failure is None
    waiting.__exit__()


def test_to_wait_can_be_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the one who waits."""
    use(monkeypatch, "sqlite", tmp_path / "db")
    with lock([]):
        waiting = lock([])
        waiting.thread.start()
        waiting.done.set()
        waiting.thread.join(10)
        assert not waiting.thread.is_alive()
        assert str(waiting.failure) == "stopped"


def test_a_lock_file_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It raises in the thread that asks for it, with the path and the cause."""
    use(monkeypatch, "sqlite", tmp_path / "none" / "db")
    with (
        pytest.raises(djinit_lock.NoLockFile, match=r"none/db\.djinit-lock \(uid \d+\): No such file or directory") as raised,
        lock([]),
    ):
        pass
    assert raised.value.blamed == "unusable"


@pytest.mark.parametrize(
    ("vendor", "name"), [("oracle", "shop"), ("sqlite", ":memory:"), ("sqlite", "file:memory?mode=memory&cache=shared")]
)
def test_no_way_to_have_one(vendor: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on without, and says so."""
    use(monkeypatch, vendor, name)
    told: list[str] = []
    with lock(told) as held:
        assert held.failure is None
    assert told == ["missing"]


def test_a_pool_keeps_its_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have one, and the migration needs that."""
    default = use(monkeypatch, "postgresql")
    default.settings_dict["OPTIONS"] = {"pool": {"max_size": 1}, "sslmode": "require"}
    held: Any = djinit_lock.lock_of("default")
    assert held.connection.settings_dict == {"NAME": "shop", "OPTIONS": {"sslmode": "require"}}
    assert default.settings_dict["OPTIONS"]["pool"] == {"max_size": 1}


@pytest.mark.parametrize(("field", "code"), [("sqlstate", "0A000"), ("pgcode", "42883")])
def test_a_server_like_postgres_without_locks(field: str, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on without, and leaves no connection behind; another fault is one."""
    use(monkeypatch, "postgresql")
    sessions: list[Session] = []

    def fail(self: djinit_lock.PostgresLock) -> bool:
        sessions.append(self.connection)
        error = RuntimeError("advisory locks are not yet implemented")
        setattr(error, field, code)
        raise RuntimeError("in Django's words") from error

    monkeypatch.setattr(djinit_lock.PostgresLock, "take", fail)
    told: list[str] = []
    with lock(told) as held:
        assert held.failure is None
    assert told == ["missing"]
    assert sessions[0].names() == ["rollback", "close"]
    code = "42P01"
    with pytest.raises(RuntimeError, match="in Django's words"), lock(told):
        pass


def test_a_lost_lock_ends_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TERM reaches whatever the main thread is in."""
    use(monkeypatch, "sqlite", tmp_path / "db")
    checks: list[int] = []

    def check(_: object) -> None:
        checks.append(1)
        if len(checks) == 3:
            raise OSError("the server has gone")

    monkeypatch.setattr(djinit_lock.FileLock, "check", check)
    received: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: received.append(number))
    try:
        with lock([]) as held:
            held.thread.join(10)
            assert str(held.lost) == "the server has gone"
        assert received == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_postgres_takes_it_for_one_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the time-outs off that would end it, and by what all containers of the project have in common."""
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "shop.settings.live")
    session = Session({}, rows=(("",), (True,), ("read committed",)))
    held = djinit_lock.PostgresLock(session)
    assert held.take()
    assert session.asked == [
        ("ensure_connection",),
        ("set_autocommit", "False"),
        ("execute", djinit_lock.POSTGRES_SETTINGS, "()"),
        ("execute", djinit_lock.POSTGRES_LOCK, "('shop',)"),
        ("execute", "SHOW transaction_isolation", "()"),
    ]
    session.asked.clear()
    held.release()
    assert session.names() == ["rollback", "close"]


def test_no_connection_is_held_while_it_waits() -> None:
    """A server has a hundred, and a pooler few."""
    session = Session({}, rows=(("",), (False,)))
    assert not djinit_lock.PostgresLock(session).take()
    assert session.names()[-2:] == ["rollback", "close"]
    session = Session({"NAME": "shop"}, rows=((0,),))
    assert not djinit_lock.MysqlLock(session).take()
    assert session.names()[-1] == "close"


class Scarce:
    """A lock of a server that has no connection left, until it has one."""

    def __init__(self, answers: list[bool | Exception]) -> None:
        self.answers = answers
        self.released = 0

    def take(self) -> bool:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def release(self) -> None:
        self.released += 1


class TooMany(Exception):
    sqlstate = "53300"


class Denied(Exception):
    sqlstate = "28P01"


def test_a_server_without_a_connection_left_is_asked_again() -> None:
    """It has answered before. That another one has the lock is said once, and only where it is so."""
    told: list[str] = []
    scarce: Any = Scarce([TooMany(), False, TooMany(), False, True])
    lock(told).wait_for(scarce)
    assert scarce.answers == []
    assert scarce.released == 2
    assert told == ["waits"]
    lock(told).wait_for(Scarce([TooMany(), True]))  # type: ignore[arg-type]
    assert told == ["waits"]


def test_what_waiting_does_not_change_is_an_error_at_once() -> None:
    """As a login that has become wrong."""
    with pytest.raises(Denied):
        lock([]).wait_for(Scarce([False, Denied(), True]))  # type: ignore[arg-type]


def test_a_server_that_stays_away_is_an_error_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a minute."""
    monkeypatch.setattr(djinit_patience, "AWAY_SECONDS", 0.05)
    scarce: Any = Scarce([False, *[TooMany() for _ in range(100)]])
    with pytest.raises(TooMany):
        lock([]).wait_for(scarce)


def test_who_waits_lets_go_of_the_connections_of_the_other_thread_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which looked for migrations."""
    use(monkeypatch, "sqlite", tmp_path / "db")
    closed: list[int] = []
    monkeypatch.setattr(djinit_lock.Lock, "let_go_of_connections", lambda _: closed.append(1))
    program = [sys.executable, "-c", HOLDER, str(tmp_path / "db.djinit-lock")]
    other = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout is not None
    other.stdout.readline()
    threading.Timer(1.5, other.communicate).start()
    with lock([]):
        assert closed == [1]


def test_the_pauses_of_a_long_wait_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    """To a second at first, to five in the end."""
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("random.uniform", lambda _, most: most)
    monkeypatch.setattr(djinit_patience, "FIRST_PAUSE_SECONDS", 0.1)
    patience = djinit_patience.Patience()
    pauses = []
    while now[0] < 600:
        pauses.append(patience.next_pause())
        now[0] += pauses[-1]
        assert pauses[-1] <= max(1, now[0] / 20)
    assert pauses[0] == 0.1
    assert pauses[-1] == 5


def test_mysql_names_the_database_and_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its locks are the server's: two databases have two."""
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "shop.settings")
    names = {djinit_lock.MysqlLock(Session({"NAME": name})).name for name in ("shop", "shop", "bakery")}
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "other.settings")
    names.add(djinit_lock.MysqlLock(Session({"NAME": "shop"})).name)
    assert len(names) == 3
    assert all(name.startswith("djinit:") and len(name) <= 64 for name in names)


@pytest.mark.parametrize(("answer", "taken"), [(1, True), (0, False), (None, False)])
def test_mysql_says_whether_it_is_taken(answer: int | None, taken: bool) -> None:
    """An error of the server's is a NULL."""
    session = Session({"NAME": "shop"}, rows=((answer,),))
    assert djinit_lock.MysqlLock(session).take() is taken
    assert session.asked[0][1:] == ("SET SESSION wait_timeout = %s", "[120]")
    assert session.asked[1][1] == "SELECT GET_LOCK(%s, 0)"


def test_mysql_may_have_given_it_to_another() -> None:
    """Then it raises."""
    session = Session({"NAME": "shop"}, rows=((1,), (0,)))
    held = djinit_lock.MysqlLock(session)
    held.check()
    with pytest.raises(RuntimeError, match="given it to another"):
        held.check()
    session.asked.clear()
    held.release()
    assert session.names() == ["close"]


@pytest.mark.parametrize(("vendor", "kind"), [("postgresql", djinit_lock.PostgresLock), ("mysql", djinit_lock.MysqlLock)])
def test_one_connection_of_its_own(vendor: str, kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the vendor."""
    use(monkeypatch, vendor)
    assert type(djinit_lock.lock_of("default")) is kind
