"""Kombu's filesystem transport, made safe for several processes that share one directory.

The original lets a reader see a message file before its content is written, and moves claimed messages
through the system's temporary directory, which may be another file system. Here every file appears, and is
claimed, by one atomic rename within the directory.
"""

import os
import uuid
from pathlib import Path
from queue import Empty
from time import time_ns

from kombu.transport import filesystem
from kombu.utils.json import dumps, loads


def give_to_owner_of(folder: Path, path: Path) -> None:
    """What root leaves here (a `docker exec … celery inspect`) must stay usable by the services."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def make_folder(path: Path) -> None:
    """Create `path` usable by its owner, whatever the umask: gunicorn's may take the search bit away."""
    if not path.is_dir():
        path.mkdir(exist_ok=True)
        path.chmod(0o750)
        give_to_owner_of(path.parent, path)


class Channel(filesystem.Channel):
    """Messages as files: `<time>_<id>.<queue>.msg` waits, `<time>_<id>.<queue>.taken` is being read."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.messages = Path(self.data_folder_in)
        for folder in (self.messages.parent, self.messages, self.control_folder):
            make_folder(folder)

    def _put(self, queue, payload, **kwargs):
        name = f"{time_ns()}_{uuid.uuid4()}.{queue}"
        draft = self.messages / f"{name}.draft"
        draft.write_text(dumps(payload))
        give_to_owner_of(self.messages, draft)
        draft.rename(self.messages / f"{name}.msg")

    def _get(self, queue):
        for path in sorted(self.messages.glob("*.msg")):
            if path.name.partition(".")[2] != f"{queue}.msg":
                continue
            taken = path.with_suffix(".taken")
            try:
                path.rename(taken)
            except FileNotFoundError:
                continue  # another worker was faster
            payload = loads(taken.read_text())
            taken.unlink()
            return payload
        raise Empty

    def _queue_bind(self, exchange, routing_key, pattern, queue):
        table = self.control_folder / f"{exchange}.exchange"
        if not table.exists():
            draft = self.control_folder / f"{uuid.uuid4()}.draft"
            draft.write_text("[]")
            give_to_owner_of(self.control_folder, draft)
            try:
                os.link(draft, table)
            except FileExistsError:
                pass  # another process was faster, and its table is as good
            finally:
                draft.unlink()
        super()._queue_bind(exchange, routing_key, pattern, queue)


class Transport(filesystem.Transport):
    """Used for every `filesystem://` broker URL of this project."""

    Channel = Channel
    polling_interval = 0.5  # seconds between two looks into the directory
