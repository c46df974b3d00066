"""djinit_storage: with modules as projects have them, on the path."""

import sys
from pathlib import Path

import pytest
from djinit_storage import in_files

MODULES = {
    "shop/__init__.py": "",
    "shop/buckets.py": """
from storages.backends.s3boto3 import S3Boto3Storage
from storages.backends import gcloud
import storages.backends.azure_storage as azure
from django.core.files.storage import (  # what Django has
    FileSystemStorage as Files,
    Storage,
)

class Media(S3Boto3Storage):
    location = "media"

class Google(Mixin, gcloud.GoogleCloudStorage):
    pass

class Azure(azure.AzureStorage): ...

class Public(Media):
    pass

class Local(Files):
    pass

class Own(Storage):
    pass

class Bare:
    pass
""",
    "shop/storage/__init__.py": "from .media import Thumbs\n\nclass Static(Thumbs): pass\n",
    "shop/storage/media.py": "from ..buckets import Public\n\nclass Thumbs(Public,):\n    pass\n",
    "shop/round.py": "class A(B): pass\nclass B(A): pass\n",
    "shop/latin.py": "class A(B): pass # \udce9\n",
}


@pytest.fixture(autouse=True)
def _shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in MODULES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
    monkeypatch.setattr(sys, "path", [str(tmp_path / "missing"), str(tmp_path), *sys.path])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("storages.backends.s3.S3Storage", False),
        ("django.core.files.storage.InMemoryStorage", False),
        ("django.core.files.storage.FileSystemStorage", True),
        ("whitenoise.storage.CompressedManifestStaticFilesStorage", True),
        ("shop.buckets.Media", False),
        ("shop.buckets.Google", False),
        ("shop.buckets.Azure", False),
        ("shop.buckets.Public", False),
        ("shop.storage.Static", False),
        ("shop.buckets.Local", True),
        ("shop.buckets.Own", True),
        ("shop.buckets.Bare", True),
        ("shop.buckets.Missing", True),
        ("shop.missing.Media", True),
        ("shop.round.A", True),
        ("shop.latin.A", True),
        ("nonsense", True),
        ("", True),
    ],
)
def test_in_files(name: str, expected: bool) -> None:
    assert in_files(name) is expected
    assert "storages" not in sys.modules
