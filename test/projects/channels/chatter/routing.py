from django.urls import path

from chatter.consumers import ChatConsumer

websocket_urlpatterns = [path("ws/echo/", ChatConsumer.as_asgi())]
