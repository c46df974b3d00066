"""What a web server before the project must know of its settings: where static files and uploads lie, and below which URLs."""

import os
from typing import Any

import djinit_storage

# Middleware that answers for static files: WhiteNoise and what came of it.
SERVES_STATIC = ("whitenoise.", "servestatic.")


def directory(value: Any) -> str | None:
    """An absolute path, as Django's storages make it; None where there is none."""
    try:
        path = os.fspath(value)
    except TypeError:  # a lazy string, or nothing that can be a path
        path = "" if value is None else str(value)
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    return os.path.abspath(path) if path else None


def url(value: Any, script_name: str) -> str | None:
    """As templates get it: Django puts the script's name before a relative one. None where there is none."""
    text = "" if value is None else str(value)
    if not text or text.startswith(("/", "http://", "https://")):
        return text or None
    return f"{script_name}/{text}"


def backend(settings: Any, alias: str, old_name: str) -> str:
    """Where a storage's class is said to lie: STORAGES, or the setting of its own that was there before Django 4.2."""
    storages = getattr(settings, "STORAGES", None)
    entry = storages.get(alias) if isinstance(storages, dict) else None
    named = entry.get("BACKEND") if isinstance(entry, dict) else None
    # A project of Django 4.2 may have either; what it has set itself differs from Django's own.
    old = getattr(settings, old_name, None)
    return str(old if old and (not named or str(named).startswith("django.")) else named or "")


def has_static_middleware(settings: Any) -> bool:
    """Whether the application answers for static files by itself."""
    names = getattr(settings, "MIDDLEWARE", None) or ()
    return any(str(name).startswith(SERVES_STATIC) for name in names)


def header(value: Any) -> list[str] | None:
    """SECURE_PROXY_SSL_HEADER as the name of a header and its value."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        return None
    name, means_https = str(value[0]), str(value[1])
    return [name.removeprefix("HTTP_").replace("_", "-"), means_https]


def site_facts(settings: Any) -> dict[str, Any]:
    """What goes into the manifest as `site` (src/boot/schema/site.ts), by Django's settings or by the settings' own module.

    Neither is changed: Django's settings remember a relative URL with the script's name of the moment when it is asked for.
    """
    settings = getattr(settings, "_wrapped", settings)
    script_name = str(getattr(settings, "FORCE_SCRIPT_NAME", None) or "").rstrip("/")
    apps = [str(name) for name in getattr(settings, "INSTALLED_APPS", None) or ()]
    # Django's own views for files answer while DEBUG is on.
    debug = bool(getattr(settings, "DEBUG", False))
    return {
        "script_name": script_name,
        "static": {
            "url": url(getattr(settings, "STATIC_URL", None), script_name),
            "root": directory(getattr(settings, "STATIC_ROOT", None)),
            "in_files": djinit_storage.in_files(backend(settings, "staticfiles", "STATICFILES_STORAGE")),
            "collected": any(name.startswith("django.contrib.staticfiles") for name in apps),
            "by_application": debug or has_static_middleware(settings),
        },
        "media": {
            "url": url(getattr(settings, "MEDIA_URL", None), script_name),
            "root": directory(getattr(settings, "MEDIA_ROOT", None)),
            "in_files": djinit_storage.in_files(backend(settings, "default", "DEFAULT_FILE_STORAGE")),
        },
        "https": {
            "only": bool(getattr(settings, "SECURE_SSL_REDIRECT", False)),
            "header": header(getattr(settings, "SECURE_PROXY_SSL_HEADER", None)),
        },
        "hosts": [str(host) for host in getattr(settings, "ALLOWED_HOSTS", None) or ()],
    }
