"""djinit_asgi_database: no connection outlives its request. With a real Django."""

import sys

import djinit_asgi_database
import pytest
from django.db import ConnectionHandler


def test_each_database_is_closed_after_each_request(monkeypatch: pytest.MonkeyPatch) -> None:
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "CONN_MAX_AGE": 600}
    connections = ConnectionHandler({"default": {**database}, "other": {**database, "CONN_MAX_AGE": None}})
    monkeypatch.setattr("django.db.connections", connections)
    djinit_asgi_database.close_after_requests()
    # What a connection that is made now goes by.
    assert [connections[alias].settings_dict["CONN_MAX_AGE"] for alias in ("default", "other")] == [0, 0]


def test_a_project_without_django_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "django.db")
    djinit_asgi_database.close_after_requests()
    assert "django.db" not in sys.modules
