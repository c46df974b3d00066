"""djinit_likely: of what the settings load, what gunicorn's process may load before."""

from djinit_likely import MODULES, loadable


def test_nothing_but_what_is_known() -> None:
    """The project's own modules, and libraries that may look at whatever they like, are not."""
    loaded = [
        "shop",
        "shop.celery",
        "celery",
        "celery.app",
        "django.urls",
        "django.forms",
        "celerylike",
        "django.db.models",
        "sentry_sdk",
    ]
    assert loadable(loaded) == ["django.db.models", "django.forms", "celery", "celery.app"]
    assert loadable(reversed(MODULES)) == list(MODULES)
    assert loadable([]) == []
