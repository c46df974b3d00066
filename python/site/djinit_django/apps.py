"""The app: connects what the project asked for."""

import os
from importlib.util import find_spec

from django.apps import AppConfig
from django.conf import settings
from django.core.signals import request_finished

from djinit_django import logs, request_id

MIDDLEWARE = "djinit_django.middleware.request_id_middleware"


class DjinitConfig(AppConfig):
    name = "djinit_django"
    verbose_name = "djinit"

    def ready(self) -> None:
        """Before any handler of requests is made, so that it takes the middleware."""
        if MIDDLEWARE not in settings.MIDDLEWARE:
            # The outermost: what the others log is the request's too.
            settings.MIDDLEWARE = [MIDDLEWARE, *settings.MIDDLEWARE]
        request_finished.connect(request_id.forget, dispatch_uid="djinit_django.forget")
        logs.mark_records()
        # Set by djinit for processes whose output it reads: a terminal or a file keeps its lines of text.
        if os.environ.get("DJINIT_RELAYED"):
            logs.write_records()
        if find_spec("celery") is not None:
            from djinit_django import tasks

            tasks.connect()
