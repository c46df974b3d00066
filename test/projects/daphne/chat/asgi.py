import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat.settings")

django = get_asgi_application()

from chat.consumers import Echo

application = ProtocolTypeRouter({"http": django, "websocket": URLRouter([path("ws/", Echo.as_asgi())])})
