"""djinit_beat_end: a real beat is told to end in the middle of what it does."""

import os
import subprocess
import sys
from pathlib import Path

import djinit_heartbeat as heartbeat
import pytest

APPLICATION = """
import os, signal, time
from celery import Celery
from celery.beat import PersistentScheduler

app = Celery("app", broker="memory://")
app.conf.beat_schedule = {"bake": {"task": "bake", "schedule": 0.1}}

def told():
    os.kill(os.getpid(), signal.SIGTERM)
    for _ in range(1000):
        pass

def takes_long():
    # A machine that does something else beside: what is being sent may take its time.
    import djinit_beat_end
    djinit_beat_end.PATIENCE_S = 30.0

class Dropped:
    def __del__(self):
        told()

class Scheduler(PersistentScheduler):
    max_interval = 0.1
"""

#: What the scheduler does → what beat writes, and what it does not write.
CASES = {
    "as it sends": (
        """
    def apply_async(self, *args, **kwargs):
        takes_long()
        told()
        sent = super().apply_async(*args, **kwargs)
        print(f"SENT {self.producer.connection.connected}", flush=True)
        return sent
""",
        "SENT True",
        "Error",
    ),
    "as it sends, with a library that replaces the exception": (
        """
    def apply_async(self, *args, **kwargs):
        takes_long()
        try:
            told()
            return super().apply_async(*args, **kwargs)
        except SystemExit:
            raise ValueError("I/O operation on closed file.")
""",
        "",
        "I/O operation on closed file",
    ),
    "as it sends to a broker that does not answer": (
        """
    def apply_async(self, *args, **kwargs):
        told()
        print("WAITS", flush=True)
        time.sleep(600)
""",
        "WAITS",
        "Error",
    ),
    "in a tick where Python drops the exception": (
        """
    def tick(self, *args, **kwargs):
        Dropped()
        return super().tick(*args, **kwargs)
""",
        "",
        "Exception ignored",
    ),
    "between two ticks where Python drops the exception": (
        """
    def should_sync(self):
        # A tick asks, too.
        if not end.in_tick:
            Dropped()
        return super().should_sync()

import djinit_beat_end
begin = djinit_beat_end.End.__init__
def begins(self, service):
    global end
    end = self
    begin(self, service)
djinit_beat_end.End.__init__ = begins
""",
        "Exception ignored",
        "closed shelf",
    ),
}


@pytest.mark.parametrize("moment", CASES)
def test_beat_is_told_to_end(moment: str, tmp_path: Path) -> None:
    """It ends with 0, whatever becomes of celery's SystemExit, and what was being sent is sent."""
    does, written, unwritten = CASES[moment]
    (tmp_path / "app.py").write_text(APPLICATION + does)
    site = Path(heartbeat.__file__).parent
    run = "import djinit_heartbeat; from celery.__main__ import main; main()"
    environ = {**os.environ, "DJINIT_HEARTBEAT": str(tmp_path / "celery-beat.heartbeat"), "PYTHONPATH": str(site)}
    beat = subprocess.run(
        [sys.executable, "-c", run, "-A", "app", "beat", "--scheduler", "app:Scheduler"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = beat.stdout + beat.stderr
    assert (beat.returncode, written in said, unwritten in said) == (0, True, False), said
