"""Whether a storage keeps its files in a directory of this container: by its name, and by what its class is derived from.

The class is not imported: one for a bucket takes as long as Django itself. Its sources say enough, or nothing.
"""

import os
import re
import sys
from collections.abc import Iterator

#: They keep nothing in a directory of this container.
ELSEWHERE = (
    "storages.",
    "django_s3_storage.",
    "cloudinary_storage.",
    "minio_storage.",
    "django_minio_backend.",
    "s3_storage.",
)
IN_MEMORY = "InMemoryStorage"
#: Of these it is known that they do, and they need not be read.
IN_FILES = ("django.", "whitenoise.", "servestatic.", "compressor.", "pipeline.")
#: Classes above a class, and characters of a module.
MOST_LEVELS = 4
MOST_CHARACTERS = 200_000


def in_files(name: str, level: int = 0) -> bool:
    """Whether the storage may keep files in a directory: one that cannot be read may."""
    if name.startswith(ELSEWHERE) or name.endswith(IN_MEMORY):
        return False
    if not name or name.startswith(IN_FILES) or level == MOST_LEVELS:
        return True
    return all(in_files(base, level + 1) for base in bases(name))


def bases(name: str) -> Iterator[str]:
    """The classes from which one is derived, by their whole names, as far as its module says so."""
    module, _, wanted = name.rpartition(".")
    text, package = source(module)
    found = re.search(rf"^class\s+{re.escape(wanted)}\s*\(([^)]*)\)", text, re.MULTILINE)
    if found is None:
        return
    known = imported(text, package)
    for base in re.findall(r"^[\w.]+$", "\n".join(word.strip() for word in found[1].split(",")), re.MULTILINE):
        first, dot, rest = base.partition(".")
        yield known.get(first, f"{module}.{first}" if not dot else first) + dot + rest


def imported(text: str, package: str) -> dict[str, str]:
    """What the names that a module imports stand for."""
    names: dict[str, str] = {}
    for dots, origin, said in re.findall(r"^from\s+(\.*)([\w.]*)\s+import\s+(\([^)]*\)|[^\n#]+)", text, re.MULTILINE):
        above = ".".join(package.split(".")[: len(package.split(".")) - len(dots) + 1]) if dots else ""
        whole = ".".join(part for part in (above, origin) if part)
        for words in (part.split() for part in said.strip("()").split(",")):
            if words:
                names[words[-1]] = f"{whole}.{words[0]}"
    aliases = re.findall(r"^import\s+([\w.]+)\s+as\s+(\w+)", text, re.MULTILINE)
    return names | {alias: origin for origin, alias in aliases}


def source(module: str) -> tuple[str, str]:
    """(its text, its package); empty where it is in no file that can be read."""
    parts = module.split(".")
    for entry in sys.path:
        path = os.path.join(entry or os.curdir, *parts)
        for file, package in ((f"{path}.py", ".".join(parts[:-1])), (os.path.join(path, "__init__.py"), module)):
            try:
                # Of a directory that is not there, most of them.
                if os.path.isfile(file):
                    with open(file, encoding="utf-8") as opened:
                        return opened.read(MOST_CHARACTERS), package
            except (OSError, ValueError):
                continue
    return "", ""
