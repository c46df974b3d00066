"""djinit_stacks: a signal makes a process write where its threads are, and nothing else of it changes."""

import os
import subprocess
import sys
import time
from pathlib import Path

SITE = Path(__file__).parents[1] / "site"
SIGNAL = 44
PROGRAM = f"""
import os, sys, threading
sys.path.append({str(SITE)!r})
import djinit_path
def waits_here():
    print("ready", flush=True)
    sys.stdin.readline()
if os.fork() == 0:
    import time
    time.sleep(600)
threading.Thread(target=waits_here).start()
"""


def run(file: Path, *options: str, **more: str) -> "subprocess.Popen[str]":
    """Start an interpreter that has DJINIT_STACKS as a service has it."""
    given = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "DJINIT_STACKS": str(file), **more}
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, *options, "-c", PROGRAM], env=given, stdin=pipe, stdout=pipe, text=True)


def written(file: Path, word: str) -> str:
    """What is in the file, once it has the word."""
    deadline = time.monotonic() + 30
    while word not in (text := file.read_text()):
        assert time.monotonic() < deadline, text
        time.sleep(0.02)
    return text


def children(pid: int) -> list[int]:
    """Return the PIDs of its child processes."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_answers(tmp_path: Path) -> None:
    """With each of its threads; a child process too."""
    file = tmp_path / "stacks"
    process = run(file)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    (child,) = children(process.pid)
    try:
        os.kill(process.pid, SIGNAL)
        # The other threads come first.
        assert "waits_here" in written(file, "Current thread")
        os.truncate(file, 0)
        os.kill(child, SIGNAL)
        assert "waits_here" not in written(file, "<module>")
        # Far away, and not for the programs that it starts.
        assert os.readlink(f"/proc/{process.pid}/fd/900") == str(file)
        process.stdin.write("\n")
        process.stdin.flush()
    finally:
        os.kill(child, 9)
    assert process.wait(30) == 0


def test_without_file(tmp_path: Path) -> None:
    """An interpreter must start, whatever lies in the place of the file: a link is not followed."""
    target = tmp_path / "target"
    link = tmp_path / "link"
    link.symlink_to(target)
    for path in (tmp_path / "none" / "stacks", link):
        process = run(path)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for child in children(process.pid):
            os.kill(child, 9)
        process.kill()
        process.wait()
    assert not target.exists()
