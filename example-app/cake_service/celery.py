"""The Celery application; `CELERY_APP=cake_service` finds it."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cake_service.settings")

TRANSPORT_ALIASES["filesystem"] = "cake_service.broker:Transport"

app = Celery("cake_service")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
