"""djinit_events: whole reports, in order, from this process alone."""

import json
import os
import socket

import djinit_events


def records(data: bytes) -> list[dict[str, object]]:
    """What a JSON text sequence holds."""
    return [json.loads(text) for text in data.split(b"\x1e") if text]


def test_reports_are_a_json_text_sequence() -> None:
    """RS, one object, LF."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        events = djinit_events.Events(theirs.fileno())
        events.report("waiting", cause="two\nlines")
        events.report("finished")
        data = ours.recv(65_536)
    assert data.startswith(b"\x1e") and data.endswith(b"\n")
    assert records(data) == [{"event": "waiting", "cause": "two\nlines"}, {"event": "finished"}]


def test_settle_returns_when_all_is_taken() -> None:
    """By one byte of the reader's."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.send(b"1")
        djinit_events.Events(theirs.fileno()).settle()


def test_a_fork_reports_nothing() -> None:
    """Its descriptor is closed."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        events = djinit_events.Events(os.dup(theirs.fileno()))
        pid = os.fork()
        if pid == 0:
            events.report("from the fork")
            os._exit(0 if events.is_forked else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert not events.is_forked
        events.report("from the parent")
        assert records(ours.recv(65_536)) == [{"event": "from the parent"}]
