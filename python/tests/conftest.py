"""The folders that are one directory in the image, and a report for test/process/python.test.ts."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import UserSettingsHolder, global_settings, settings

for folder in ("boot", "gunicorn", "server", "shared", "site"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))


@pytest.fixture
def default_settings() -> Iterator[None]:
    """Django's own settings, whatever other tests have configured."""
    before = settings._wrapped
    settings._wrapped = UserSettingsHolder(global_settings)
    yield
    settings._wrapped = before


def pytest_runtest_logreport(report: Any) -> None:
    """One line of JSON for a test, and one more for a fixture of it that fails."""
    path = os.environ.get("PYTEST_RESULTS")
    if path and (report.when == "call" or report.outcome != "passed"):
        told = {"name": report.nodeid, "outcome": report.outcome, "text": str(report.longrepr or "")}
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(told) + "\n")
