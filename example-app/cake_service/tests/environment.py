"""The project in a Python process of its own, with an environment of the test's choice."""

import os
import subprocess
import sys

OWN_VARIABLES = (
    "SECRET_KEY",
    "DEBUG",
    "ALLOWED_HOSTS",
    "DATABASE_URL",
    "CACHE_URL",
    "EMAIL_URL",
    "CELERY_BROKER_URL",
    "AWS_STORAGE_BUCKET_NAME",
    "CAKE_BAKE_SECONDS",
    "CAKE_BEAT_SECONDS",
)


def run_python(code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `code` with the project's variables cleared, except for those given."""
    inherited = {name: value for name, value in os.environ.items() if name not in OWN_VARIABLES}
    environment = inherited | {"DJANGO_SETTINGS_MODULE": "cake_service.settings"} | variables
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
