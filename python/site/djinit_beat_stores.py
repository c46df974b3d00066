"""Where the lease of the beat that leads lies, and when each entry of the schedule ran last.

An advisory lock of the database's would not do: a paused leader keeps its session, and the lock with it; and through a pooler in
transaction mode a session's lock holds nothing. A lease ends by itself, by the store's own clock.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, Protocol

#: After all beats were away for longer, nothing of what they have missed is sent.
REMEMBERED_S = 3600
#: Far below the lease.
TIMEOUT_S = 1.0
#: What the name of an entry that runs once has behind it: no entry's name has a second line.
ONCE = "\nonce"
#: So many of them are remembered, those that ran last. Each would stay for ever, and a table's row is written at each tick.
MOST_ONCE = 200


class Store(Protocol):
    kind: str

    def take(self, holder: str, seconds: float) -> str:
        """Have the lease, or have it for longer, if nobody else does. Returns who has it."""

    def claim(self, holder: str, seconds: float, runs: dict[str, float]) -> bool:
        """In one step: if the lease is this holder's, it lasts longer, and these runs are known."""

    def runs(self) -> dict[str, float]:
        """When each entry ran last, in seconds since 1970."""

    def release(self, holder: str) -> None:
        """Give the lease back."""

    def refuses(self, error: Exception) -> bool:
        """Whether it will always answer so."""

    def close(self) -> None:
        """Connect anew, the next time."""


TAKE = """
local leader = redis.call('get', KEYS[1])
if leader and leader ~= ARGV[1] then return leader end
redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
redis.call('pexpire', KEYS[2], ARGV[3])
return ARGV[1]
"""
CLAIM = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('pexpire', KEYS[1], ARGV[2])
for at = 4, #ARGV, 2 do redis.call('hset', KEYS[2], ARGV[at], ARGV[at + 1]) end
redis.call('pexpire', KEYS[2], ARGV[3])
return 1
"""
RUNS = "return redis.call('hgetall', KEYS[2])"
RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end"


def as_text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


class RedisStore:
    """By the connection that the application's own configuration gives, with everything that it says of TLS and Sentinel."""

    kind = "redis"

    def __init__(self, name: str, connect: Any) -> None:
        self.name = name
        self.connect = connect
        self.prefix = ""
        self.client: Any = None

    @classmethod
    def of_broker(cls, app: Any, name: str) -> RedisStore:
        def connect() -> tuple[Any, str]:
            timeouts = {"socket_timeout": TIMEOUT_S, "socket_connect_timeout": TIMEOUT_S}
            channel = app.connection_for_write(transport_options=timeouts).channel()
            return channel.client, getattr(channel, "global_keyprefix", "")

        return cls(name, connect)

    @classmethod
    def of_results(cls, app: Any, name: str) -> RedisStore:
        def connect() -> tuple[Any, str]:
            backend = app.backend
            backend.connparams.update(socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)
            return backend._create_client(**backend.connparams), as_text(getattr(backend, "_global_keyprefix", "") or "")

        return cls(name, connect)

    def eval(self, script: str, *values: Any) -> Any:
        """Run a script. Kombu itself puts no prefix before a script's keys."""
        if self.client is None:
            self.client, self.prefix = self.connect()
        # Both in one slot of a cluster.
        lease = f"{self.prefix}djinit-beat:{{{self.name}}}"
        return self.client.eval(script, 2, lease, f"{lease}:runs", *values)

    def take(self, holder: str, seconds: float) -> str:
        return as_text(self.eval(TAKE, holder, int(seconds * 1000), REMEMBERED_S * 1000))

    def claim(self, holder: str, seconds: float, runs: dict[str, float]) -> bool:
        pairs = [part for name, at in runs.items() for part in (name, repr(at))]
        return bool(self.eval(CLAIM, holder, int(seconds * 1000), REMEMBERED_S * 1000, *pairs))

    def runs(self) -> dict[str, float]:
        words = [as_text(it) for it in self.eval(RUNS)]
        return {name: float(at) for name, at in zip(words[::2], words[1::2], strict=True)}

    def release(self, holder: str) -> None:
        self.eval(RELEASE, holder)

    def refuses(self, error: Exception) -> bool:
        return type(error).__name__ == "NoPermissionError" or "unknown command" in str(error).lower()

    def close(self) -> None:
        client, self.client = self.client, None
        with suppress(Exception):
            if client is not None:
                client.connection_pool.disconnect()


TABLE = """
CREATE TABLE IF NOT EXISTS djinit_beat (
  name varchar(200) PRIMARY KEY, holder varchar(200) NOT NULL, held_until double precision NOT NULL, runs {text} NOT NULL)
"""
#: MySQL's own has 64 KiB.
LONG_TEXTS = {"mysql": "longtext"}
#: The database's clock, in seconds since 1970.
CLOCKS = {
    "postgresql": "extract(epoch from clock_timestamp())",
    "mysql": "unix_timestamp(now(6))",
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
}


class DatabaseStore:
    """One row of one table, in statements that are each a transaction: right through every pooler."""

    kind = "database"

    def __init__(self, name: str, alias: str = "default") -> None:
        self.name = name[:200]
        self.alias = alias
        self.connection: Any = None
        self.known: dict[str, float] = {}

    def open(self) -> Any:
        from django.db import DatabaseError, IntegrityError, connections

        connection = connections.create_connection(self.alias)
        connection.settings_dict = with_timeouts(connection.vendor, connection.settings_dict)
        self.connection = connection
        try:
            self.add_row()
        except IntegrityError:
            pass  # another beat has
        except DatabaseError:
            # Not before it is missing: a user that may write the table need not be one that may make tables.
            with suppress(IntegrityError), connection.cursor() as cursor:
                cursor.execute(TABLE.format(text=LONG_TEXTS.get(connection.vendor, "text")))
            with suppress(IntegrityError):
                self.add_row()
        return connection

    def add_row(self) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM djinit_beat WHERE name = %s", [self.name])
            if cursor.fetchone() is None:
                cursor.execute("INSERT INTO djinit_beat VALUES (%s, '', 0, '{}')", [self.name])

    def execute(self, sql: str, *values: Any) -> tuple[int, Any]:
        """How many rows it was about, and the first of them."""
        connection = self.connection or self.open()
        with connection.cursor() as cursor:
            cursor.execute(sql.replace("{now}", CLOCKS[connection.vendor]), values)
            return cursor.rowcount, cursor.fetchone() if cursor.description else None

    def take(self, holder: str, seconds: float) -> str:
        taken, _ = self.execute(
            "UPDATE djinit_beat SET runs = CASE WHEN held_until < {now} - %s THEN '{}' ELSE runs END, "
            "holder = %s, held_until = {now} + %s WHERE name = %s AND (holder = %s OR held_until <= {now})",
            *(REMEMBERED_S, holder, seconds, self.name, holder),
        )
        if taken:
            return holder
        _, row = self.execute("SELECT holder FROM djinit_beat WHERE name = %s", self.name)
        return str(row[0]) if row else ""

    def claim(self, holder: str, seconds: float, runs: dict[str, float]) -> bool:
        known = without_oldest({**self.known, **runs})
        kept, _ = self.execute(
            "UPDATE djinit_beat SET held_until = {now} + %s, runs = %s WHERE name = %s AND holder = %s AND held_until > {now}",
            *(seconds, json.dumps(known), self.name, holder),
        )
        if kept:
            self.known = known
        return bool(kept)

    def runs(self) -> dict[str, float]:
        _, row = self.execute("SELECT runs FROM djinit_beat WHERE name = %s", self.name)
        self.known = {str(name): float(at) for name, at in json.loads(row[0]).items()}
        return dict(self.known)

    def release(self, holder: str) -> None:
        self.execute("UPDATE djinit_beat SET held_until = {now} WHERE name = %s AND holder = %s", self.name, holder)

    def refuses(self, error: Exception) -> bool:
        return "permission denied" in str(error) or "command denied" in str(error)

    def close(self) -> None:
        connection, self.connection = self.connection, None
        with suppress(Exception):
            if connection is not None:
                connection.close()


def without_oldest(known: dict[str, float]) -> dict[str, float]:
    """Return the runs without those of the oldest entries that run once."""
    once = sorted((name for name in known if name.endswith(ONCE)), key=lambda name: known[name])
    old = {name.removesuffix(ONCE) for name in once[:-MOST_ONCE]}
    return {name: at for name, at in known.items() if name.removesuffix(ONCE) not in old}


def with_timeouts(vendor: str, settings: dict[str, Any]) -> dict[str, Any]:
    """What is not answered is given up, well before the kernel would."""
    milliseconds = int(2 * TIMEOUT_S * 1000)
    ours = {
        "postgresql": {"connect_timeout": 2, "tcp_user_timeout": milliseconds},
        "mysql": {"connect_timeout": 2, "read_timeout": 2, "write_timeout": 2},
    }.get(vendor, {})
    # One connection needs no pool.
    options = {name: value for name, value in settings.get("OPTIONS", {}).items() if name != "pool"}
    return {**settings, "OPTIONS": {**options, **ours}}
