"""What may be loaded before the application, in gunicorn's process, which its workers are forks of.

None of it looks at the settings, at the database or at files of the project's when it is loaded, and none starts a thread.
djinit_gate.py loads it; the manifest says how much of it the settings load (djinit_manifest.py).
"""

from collections.abc import Iterable

#: Nearly every project loads these.
MODULES = (
    "django.core.handlers.wsgi",
    "django.db.models",
    "django.forms",
    "django.template.loader",
    "django.template.defaulttags",
    "django.template.loader_tags",
    "django.views.generic",
    "django.core.cache",
    "django.core.management",
    "django.utils.translation.trans_real",
    "psycopg",
    "django.db.backends.postgresql.base",
)
#: Any module of these, where it is known that the project loads it.
LIBRARIES = {"amqp", "billiard", "celery", "kombu", "vine"}


def loadable(loaded: Iterable[str]) -> list[str]:
    """Those that may be, of the modules that something has loaded."""
    names = list(loaded)
    return [name for name in MODULES if name in names] + [name for name in names if name.partition(".")[0] in LIBRARIES]
