"""djinit_garbage: nothing is collected inside, and what is there is frozen before anything is again."""

import gc

import djinit_garbage
import pytest


@pytest.fixture(autouse=True)
def _restored() -> object:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_off_inside_and_as_before_after() -> None:
    """Also where something raises."""
    gc.set_threshold(321, 5, 5)
    with pytest.raises(ZeroDivisionError), djinit_garbage.paused():
        assert gc.get_threshold()[0] == 0
        _ = 1 / 0
    assert gc.get_threshold()[0] == 321
    assert gc.get_freeze_count() > 0


def test_frozen_before_thresholds_are_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the other order the next object has all of them looked through."""
    at_freeze = []
    monkeypatch.setattr(gc, "freeze", lambda: at_freeze.append(gc.get_threshold()[0]))
    with djinit_garbage.paused():
        pass
    assert at_freeze == [0]


def test_thresholds_of_the_applications_own_are_kept() -> None:
    """They are the project's business."""
    with djinit_garbage.paused():
        gc.set_threshold(4321)
    assert gc.get_threshold()[0] == 4321
