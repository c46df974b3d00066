"""djinit_site: with modules of settings, and with Django's own settings made of them."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import UserSettingsHolder, global_settings
from djinit_site import site_facts


class Lazy:
    """What gettext_lazy makes."""

    def __str__(self) -> str:
        return "/lazy/"


def of(**names: Any) -> Any:
    """A settings module, as it is imported."""
    return SimpleNamespace(**names)


def test_nothing_is_set() -> None:
    nothing = {"url": None, "root": None, "in_files": True}
    expected = {
        "script_name": "",
        "static": {**nothing, "collected": False, "by_application": False},
        "media": nothing,
        "https": {"only": False, "header": None},
        "hosts": [],
    }
    assert site_facts(of()) == expected
    assert site_facts(UserSettingsHolder(global_settings)) == expected


@pytest.mark.parametrize(
    ("value", "script_name", "expected"),
    [
        ("/static/", None, "/static/"),
        ("static/", None, "/static/"),
        ("static/", "/shop", "/shop/static/"),
        ("static/", "/shop/", "/shop/static/"),
        ("/static/", "/shop", "/static/"),
        ("https://cdn.example/static/", "/shop", "https://cdn.example/static/"),
        ("//cdn.example/static/", "/shop", "//cdn.example/static/"),
        (Lazy(), None, "/lazy/"),
        ("", None, None),
        ("", "/shop", None),
        (None, None, None),
    ],
)
def test_url(value: Any, script_name: str | None, expected: str | None) -> None:
    facts = site_facts(of(STATIC_URL=value, MEDIA_URL=value, FORCE_SCRIPT_NAME=script_name))
    assert [facts["static"]["url"], facts["media"]["url"]] == [expected, expected]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Path("/srv/static"), "/srv/static"),
        ("/srv/static/", "/srv/static"),
        ("/srv/app/../static", "/srv/static"),
        (b"/srv/static", "/srv/static"),
        ("static", os.path.join(os.getcwd(), "static")),
        (Lazy(), "/lazy"),
        ("", None),
        (None, None),
    ],
)
def test_root(value: Any, expected: str | None) -> None:
    facts = site_facts(of(STATIC_ROOT=value, MEDIA_ROOT=value))
    assert [facts["static"]["root"], facts["media"]["root"]] == [expected, expected]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({}, False),
        ({"MIDDLEWARE": ["django.middleware.security.SecurityMiddleware"]}, False),
        ({"MIDDLEWARE": ["whitenoise.middleware.WhiteNoiseMiddleware"]}, True),
        ({"MIDDLEWARE": ("servestatic.middleware.ServeStaticMiddleware",)}, True),
        ({"MIDDLEWARE": None}, False),
        ({"DEBUG": True}, True),
    ],
)
def test_application_serves_static(names: dict[str, Any], expected: bool) -> None:
    assert site_facts(of(**names))["static"]["by_application"] is expected


S3 = "storages.backends.s3.S3Storage"
FILES = "django.core.files.storage.FileSystemStorage"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"STORAGES": {"default": {"BACKEND": S3}, "staticfiles": {"BACKEND": S3}}}, [False, False]),
        ({"STORAGES": {"default": {"BACKEND": FILES}, "staticfiles": {"BACKEND": S3}}}, [False, True]),
        ({"STORAGES": {"default": {"BACKEND": "project.storage.Mine"}}}, [True, True]),
        ({"STORAGES": {"default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}}, [True, False]),
        ({"DEFAULT_FILE_STORAGE": S3}, [True, False]),
        ({"DEFAULT_FILE_STORAGE": S3, "STORAGES": {"default": {"BACKEND": FILES}}}, [True, False]),
        ({"STATICFILES_STORAGE": S3}, [False, True]),
        ({"STORAGES": "nonsense"}, [True, True]),
    ],
)
def test_storage(names: dict[str, Any], expected: list[bool]) -> None:
    facts = site_facts(of(**names))
    assert [facts["static"]["in_files"], facts["media"]["in_files"]] == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (("HTTP_X_FORWARDED_PROTO", "https"), ["X-FORWARDED-PROTO", "https"]),
        (["HTTP_X_SCHEME", "on"], ["X-SCHEME", "on"]),
        (None, None),
        ("HTTP_X_FORWARDED_PROTO", None),
    ],
)
def test_https(value: Any, expected: list[str] | None) -> None:
    assert site_facts(of(SECURE_SSL_REDIRECT=True, SECURE_PROXY_SSL_HEADER=value))["https"] == {"only": True, "header": expected}


def test_collected_and_hosts() -> None:
    apps = ["django.contrib.staticfiles.apps.StaticFilesConfig"]
    facts = site_facts(of(INSTALLED_APPS=apps, ALLOWED_HOSTS=("shop.example", ".example.org")))
    assert facts["static"]["collected"] is True
    assert facts["hosts"] == ["shop.example", ".example.org"]


def test_django_settings_stay_as_they_are() -> None:
    from django.conf import LazySettings

    settings = LazySettings()
    settings.configure(STATIC_URL="static/", FORCE_SCRIPT_NAME="/shop")
    assert site_facts(settings)["static"]["url"] == "/shop/static/"
    assert "STATIC_URL" not in settings.__dict__
