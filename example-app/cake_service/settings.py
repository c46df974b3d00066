"""Settings of cake_service, taken from the environment. Only SECRET_KEY has no default."""

import os
from importlib.util import find_spec
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = BASE_DIR / "data"

env = environ.Env()


def setting(name: str, default: str) -> str:
    """The variable `name`; an empty one counts as not set."""
    return os.environ.get(name) or default


def positive_seconds(name: str, default: float) -> float:
    try:
        seconds = float(setting(name, str(default)))
    except ValueError as error:
        raise ImproperlyConfigured(f"cannot read {name}: not a number of seconds") from error
    if not 0 < seconds <= 3600:
        raise ImproperlyConfigured(f"cannot use {name}: it must be above 0 and at most 3600 seconds")
    return seconds


SECRET_KEY = setting("SECRET_KEY", "")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set: give the service a long random string in the environment variable SECRET_KEY"
    )

DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", ".localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# nginx passes X-Forwarded-Proto on as it came in: only a proxy in front of the container may set it.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "storages",
    "cake_service.cakes",
]
# Request ids in the log; part of djinit's image, and not of a checkout.
INSTALLED_APPS += ["djinit_django"] if find_spec("djinit_django") else []

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "cake_service.urls"
WSGI_APPLICATION = "cake_service.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database, cache, mail ---------------------------------------------------------------------------------

database = env.db_url_config(setting("DATABASE_URL", f"sqlite:///{DATA_DIR}/db.sqlite3"))
if database["ENGINE"] == "django.db.backends.sqlite3":
    # Web, worker and beat share the file: wait for a lock, and take it when the transaction begins, since a
    # transaction that reads first and writes later cannot wait.
    database["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    } | database.get("OPTIONS", {})
    if Path(database["NAME"]).parent == DATA_DIR:
        DATA_DIR.mkdir(exist_ok=True)  # SQLite creates the file, not its directory
else:
    database.setdefault("CONN_MAX_AGE", 60)
    database.setdefault("CONN_HEALTH_CHECKS", True)
if database["ENGINE"] == "django.db.backends.postgresql":
    database["OPTIONS"] = {"connect_timeout": 5} | database.get("OPTIONS", {})
DATABASES = {"default": database}

CACHES = {"default": env.cache_url_config(setting("CACHE_URL", "locmemcache://"))}

vars().update(env.email_url_config(setting("EMAIL_URL", "consolemail://")))
DEFAULT_FROM_EMAIL = setting("DEFAULT_FROM_EMAIL", "Cake Service <bakery@localhost>")

# --- Static and media files --------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
MEDIA_URL = "/media/"
MEDIA_ROOT = BASE_DIR / "media"
FILE_UPLOAD_PERMISSIONS = 0o644
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o755  # gunicorn's umask would leave directories nobody can enter

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
}
if bucket := os.environ.get("AWS_STORAGE_BUCKET_NAME"):
    # Credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, which boto3 reads, or the machine's role.
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": bucket,
            "region_name": os.environ.get("AWS_S3_REGION_NAME") or None,
            "endpoint_url": os.environ.get("AWS_S3_ENDPOINT_URL") or None,
            "file_overwrite": False,
        },
    }

# --- Celery ------------------------------------------------------------------------------------------------

CAKE_BAKE_SECONDS = positive_seconds("CAKE_BAKE_SECONDS", 1)
CAKE_BEAT_SECONDS = positive_seconds("CAKE_BEAT_SECONDS", 10)

CELERY_BROKER_URL = setting("CELERY_BROKER_URL", "filesystem://localhost")
if CELERY_BROKER_URL.startswith("filesystem:"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(DATA_DIR / "broker" / "messages"),
        "data_folder_out": str(DATA_DIR / "broker" / "messages"),
        "control_folder": str(DATA_DIR / "broker" / "exchanges"),
    }
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "record-beat": {
        "task": "cake_service.cakes.tasks.record_beat",
        "schedule": CAKE_BEAT_SECONDS,
        "options": {"expires": max(60, 6 * CAKE_BEAT_SECONDS)},  # no avalanche after a time without workers
    },
}

# --- The rest ----------------------------------------------------------------------------------------------

CAKE_DEBUG_ENDPOINTS = env.bool("CAKE_DEBUG_ENDPOINTS", default=False)

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"console": {"format": "{levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "console"}},
    "root": {"level": "INFO", "handlers": ["console"]},
    # Django's own handlers go, so that each record is written once, by the root logger.
    "loggers": {"django": {"level": "INFO", "handlers": [], "propagate": True}},
}
