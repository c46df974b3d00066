"""What the words for gunicorn say: those of CMD and those of GUNICORN_CMD_ARGS."""

import os
import re
import shlex
import sys

from gunicorn.config import Config

#: `-c`, alone or behind other letters; `--config`, perhaps shortened.
MAY_NAME_FILE = re.compile(r"-(-c|[^-]*c)")
#: `--workers`, `--worker-class`, `--threads`, `-w`, `-k`; perhaps shortened, or behind other letters.
MAY_SAY_SIZE = re.compile(r"-(-[wt]|[^-]*[wk])")
#: The settings by which a project says how large gunicorn is to be.
SIZES = ("workers", "threads", "worker_class")


def read_words(image_file: str) -> tuple[str | None, bool, set[str]]:
    """Return the file that they name besides the image's, whether they name an application, and which of SIZES they set."""
    words = words_of_project(sys.argv[1:], image_file)
    more = shlex.split(os.environ.get("GUNICORN_CMD_ARGS", ""))
    # To let gunicorn parse them takes 10 ms of each start.
    if words and not words[0].startswith("-") and not any(may_matter(word) for word in (*words, *more)):
        return None, True, set()
    parser = Config().parser()
    given = parser.parse_args(words)
    also = parser.parse_args(more)
    sizes = {name for name in SIZES for found in (given, also) if getattr(found, name, None) is not None}
    return given.config or also.config, bool(given.args or given.paste or also.paste), sizes


def may_matter(word: str) -> bool:
    return bool(MAY_NAME_FILE.match(word) or MAY_SAY_SIZE.match(word))


def words_of_project(words: list[str], image_file: str) -> list[str]:
    """Return the command line without the image's file."""
    kept = list(words)
    for at in range(len(words) - 2, -1, -1):
        if words[at : at + 2] == ["--config", image_file]:
            del kept[at : at + 2]
    return kept
