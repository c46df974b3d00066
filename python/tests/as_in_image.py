"""Modules that load others by their path in the image, with those of this folder instead."""

import runpy
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

IN_IMAGE = "/usr/local/lib/djinit/"
HERE = Path(__file__).parents[1]


def path_of(name: str) -> str:
    """Where a file of the image lies here."""
    return str(next(HERE.glob(f"*/{name}")))


@contextmanager
def as_in_image() -> Iterator[None]:
    run_path = runpy.run_path

    def run(path: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return run_path(path_of(path.removeprefix(IN_IMAGE)) if path.startswith(IN_IMAGE) else path, *args, **kwargs)

    with patch("runpy.run_path", run):
        yield


def load(name: str) -> ModuleType:
    with as_in_image():
        return import_module(name)
