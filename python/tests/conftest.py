"""The folders that are one directory in the image, and a report for test/process/python.test.ts."""

import json
import os
import sys
from pathlib import Path
from typing import Any

for folder in ("boot", "gunicorn", "shared"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))


def pytest_runtest_logreport(report: Any) -> None:
    """One line of JSON for a test, and one more for a fixture of it that fails."""
    path = os.environ.get("PYTEST_RESULTS")
    if path and (report.when == "call" or report.outcome != "passed"):
        told = {"name": report.nodeid, "outcome": report.outcome, "text": str(report.longrepr or "")}
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(told) + "\n")
