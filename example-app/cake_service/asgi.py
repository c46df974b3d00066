"""The ASGI application: Django, and the WebSocket of /live/. `cake_service.asgi:application`."""

import os
from collections.abc import Awaitable, Callable
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cake_service.settings")

django = get_asgi_application()

from cake_service.cakes.live import watch  # noqa: E402: its models need Django's applications


async def application(
    scope: dict[str, Any], receive: Callable[[], Awaitable[dict]], send: Callable[[dict], Awaitable[None]]
) -> None:
    answer = watch if scope["type"] == "websocket" else django
    await answer(scope, receive, send)
