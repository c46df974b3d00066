"""Makes a worker with threads take no more connections than it has free threads. Run by djinit_interface.py.

gunicorn's own takes whatever comes (`worker_connections`: 1,000). What its threads cannot begin waits within the worker, while
another one may be free, and is lost if that worker is killed. What waits in the socket goes to whoever is free first.
"""

from typing import Any

from gunicorn import version_info

#: The attributes below are of this version and later.
SINCE = (26, 1)


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

    Worker.__name__ = Worker.__qualname__ = kind.__name__
    return Worker
