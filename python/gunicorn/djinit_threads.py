"""Makes a worker with threads take no more connections than it has free threads. Run by djinit_interface.py.

gunicorn's own takes whatever comes (`worker_connections`: 1,000). What its threads cannot begin waits within the worker, while
another one may be free, and is lost if that worker is killed. What waits in the socket goes to whoever is free first.
"""

import socket
from functools import partial
from typing import Any

from gunicorn import util, version_info

#: The attributes below are of this version and later.
SINCE = (26, 1)
BODY_HEADERS = {"CONTENT-LENGTH", "TRANSFER-ENCODING"}


def close_at_once(sock: socket.socket, graceful: bool = False) -> None:
    """Close, whatever the caller wants."""
    util.close(sock)


def has_said_all(conn: Any) -> bool:
    """Whether nginx has nothing more to send. What is unread or comes after the close would cost it the answer."""
    request = getattr(conn.parser, "mesg", None)
    if conn.sock.family != socket.AF_UNIX or request is None or BODY_HEADERS & {name for name, _ in request.headers}:
        return False
    try:
        conn.sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def taking_what_it_can(kind: Any, version: tuple[int, ...] = version_info) -> Any:
    """Return the class of worker `kind`, which is gunicorn's with threads, or one that takes less."""
    if version[:2] < SINCE:
        return kind

    class Worker(kind):  # type: ignore[misc]
        @property
        def worker_connections(self) -> int:
            """At how many connections it takes no further one. The idle ones need no thread."""
            idle = len(self.keepalived_conns) + len(self.pending_conns)
            most: int = min(self.most_connections, self.cfg.threads + idle)
            return most

        @worker_connections.setter
        def worker_connections(self, most: int) -> None:
            self.most_connections = most

        @property
        def is_full(self) -> bool:
            full: bool = self.nr_conns >= self.worker_connections
            return full

        def accept(self, listener: Any) -> None:
            """Take a connection. Both of two listeners may have become readable at once."""
            if not self.is_full:
                super().accept(listener)
            if self.is_full:
                self.set_accept_enabled(False)

        def finish_request(self, conn: Any, fs: Any) -> None:
            """Put an answered connection away, and take one that waits.

            Asking the poller first costs a seventh of the rate of quick requests. With several listeners it has to be asked: the
            first of them would always come first.

            gunicorn waits up to 2 s in this thread for the client to close as well, and takes nothing meanwhile. nginx does that
            late where it hands a long answer on to a slow client without buffering it.
            """
            if has_said_all(conn):
                conn.close = partial(close_at_once, conn.sock)
            else:
                # A request before this one, on a kept connection, may have had no body.
                vars(conn).pop("close", None)
            super().finish_request(conn, fs)
            if self.alive and not self._accepting and len(self.sockets) == 1:
                self.accept(self.sockets[0])

    Worker.__name__ = Worker.__qualname__ = kind.__name__
    return Worker
