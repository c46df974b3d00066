"""djinit_load: an application that ends the process has not been loaded."""

import runpy
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import djinit_load
import pytest
from as_in_image import path_of
from gunicorn.app.wsgiapp import WSGIApplication
from gunicorn.errors import AppImportError


def app(check_config: bool = False) -> Any:
    return SimpleNamespace(cfg=SimpleNamespace(check_config=check_config))


def test_an_application_is_handed_on() -> None:
    """With nothing printed."""
    application = object()
    assert djinit_load.to_its_end(lambda _: application)(app()) is application


def test_nothing_is_said_in_service(capsys: pytest.CaptureFixture[str]) -> None:
    """Only a check is listened to."""
    djinit_load.to_its_end(lambda _: None)(app())
    assert capsys.readouterr().out == ""


def test_a_check_says_that_it_came_to_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    """Before and after."""
    djinit_load.to_its_end(lambda _: print("loading"))(app(check_config=True))
    assert capsys.readouterr().out.splitlines() == [djinit_load.BEGUN, "loading", djinit_load.DONE]


ENDS = {
    "without a status": ((), "with status 0"),
    "with 0": ((0,), "with status 0"),
    "with True": ((True,), "with status 1"),
    "with a status": ((3,), "with status 3"),
    "with words": (("no SECRET_KEY",), "saying no SECRET_KEY"),
}


@pytest.mark.parametrize(("args", "how"), ENDS.values(), ids=ENDS)
def test_an_end_is_an_error(args: tuple[Any, ...], how: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And a check does not say that it came to its end."""
    with pytest.raises(AppImportError, match=f"it ended the process {how}$"):
        djinit_load.to_its_end(lambda _: sys.exit(*args))(app(check_config=True))
    assert capsys.readouterr().out.splitlines() == [djinit_load.BEGUN]


def test_other_errors_are_gunicorns() -> None:
    """It knows what to say of them."""

    def load(_: object) -> None:
        raise ImportError("shop")

    with pytest.raises(ImportError, match="shop"):
        djinit_load.to_its_end(load)(app())


def test_gunicorn_has_it_once() -> None:
    """A reload reads the file again."""
    wrapped: Any = WSGIApplication.load
    runpy.run_path(path_of("djinit_load.py"))
    assert WSGIApplication.load is wrapped
    # Others may have put theirs around it.
    files = []
    while wrapped is not None:
        files.append(Path(wrapped.__code__.co_filename).name)
        wrapped = getattr(wrapped, "__wrapped__", None)
    assert files.count("djinit_load.py") == 1
