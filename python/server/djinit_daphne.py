"""Makes daphne listen at the socket that PID 1 holds, and answer what it has accepted when it is asked to end.

Twisted takes a descriptor for one of TCP; of a unix socket it would change the mode, shorten the queue and remove the name.
daphne itself drops all requests at a stop. Run by djinit_server.py before daphne.
"""

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

# First: it chooses the reactor.
from daphne import server  # isort: skip
from twisted.internet import defer, endpoints, unix
from twisted.internet import reactor as any_reactor
from twisted.web import http

reactor: Any = any_reactor
#: gunicorn's.
BACKLOG = 2_048
#: «Service restart»: clients connect again.
SERVICE_RESTART = 1012
LOOK_SECONDS = 0.05
graceful_seconds = float(os.environ["DJINIT_GRACEFUL_TIMEOUT"])

adopted = endpoints.AdoptedStreamServerEndpoint
ports: list[Any] = []


def adopt_unix(reactor: Any, fileno: int, _family: Any) -> Any:
    return adopted(reactor, fileno, socket.AF_UNIX)


def keeping_socket(succeed: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """Leave it as it is. Twisted's own queue is 50 long, and at its end Twisted shuts the socket down for everybody."""

    @wraps(succeed)
    def succeeds(self: Any, port: Any) -> None:
        held = port.socket
        held.listen(BACKLOG)
        port._closeSocket = lambda _orderly: held.close()
        ports.append(port)
        succeed(self, port)

    return succeeds


def is_busy() -> bool:
    """Return whether a connection is open. nginx closes each when it has its answer."""
    return any(isinstance(reader, unix.Server) for reader in [*reactor.getReaders(), *reactor.getWriters()])


def answering_first(kill: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Accept nothing more, and wait for what is open."""

    @wraps(kill)
    def kills(self: Any) -> Any:
        for port in ports:
            port.stopListening()
        for protocol in list(self.connections):
            # Not serverClose: autobahn refuses this code from an application, and one that raises would drop all requests.
            if hasattr(protocol, "sendCloseFrame"):
                with suppress(Exception):
                    protocol.sendCloseFrame(code=SERVICE_RESTART)
        done: Any = defer.Deferred()
        until = reactor.seconds() + graceful_seconds

        def look() -> None:
            if is_busy() and reactor.seconds() < until:
                reactor.callLater(LOOK_SECONDS, look)
                return
            # It would stumble over a request without one.
            for details in self.connections.values():
                details.setdefault("application_instance", nothing)
            defer.maybeDeferred(kill, self).addBoth(done.callback)

        reactor.callLater(LOOK_SECONDS, look)
        return done

    return kills


class Done:
    """A task that has ended."""

    def done(self) -> bool:
        return True


nothing = Done()
endpoints.AdoptedStreamServerEndpoint = adopt_unix
# nginx is the one that refuses. Twisted's own limits, of a line and of all of them, are 16 KiB and have no option.
http.HTTPChannel.totalHeadersSize = http.HTTPChannel.MAX_LENGTH = int(os.environ["DJINIT_HEAD_BYTES"])
# The socket's name and mode are PID 1's.
unix._inFilesystemNamespace = lambda _path: False
server.Server.listen_success = keeping_socket(server.Server.listen_success)
server.Server.kill_all_applications = answering_first(server.Server.kill_all_applications)
