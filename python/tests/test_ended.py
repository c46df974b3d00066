"""djinit_ended: a process whose status another thread has got is not believed to live. With real processes."""

import multiprocessing
import os
import time
from typing import Any

import pytest
from djinit_ended import alive


class Worker:
    """As granian's: `inner` is the process."""

    def __init__(self, seconds: float) -> None:
        self.inner: Any = multiprocessing.get_context("fork").Process(target=time.sleep, args=(seconds,))
        self.inner.start()

    def is_alive(self) -> bool:
        return bool(self.inner.is_alive())


def test_alive_while_it_runs() -> None:
    worker = Worker(600)
    assert alive(Worker.is_alive)(worker)
    worker.inner.kill()
    worker.inner.join()
    assert not alive(Worker.is_alive)(worker)


@pytest.mark.parametrize("options", [0, os.WNOWAIT])
def test_ended_though_its_own_status_is_unknown(options: int) -> None:
    worker = Worker(0)
    os.waitid(os.P_PID, worker.inner.pid, os.WEXITED | options)
    if not options:
        assert worker.is_alive()
    assert not alive(Worker.is_alive)(worker)
