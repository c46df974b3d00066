from django.urls import path

from cake_service.debug import views

urlpatterns = [
    path("sleep/", views.sleep),
    path("allocate/", views.allocate),
    path("crash/", views.crash),
    path("log/", views.log),
    path("headers/", views.headers),
    path("traceback/", views.traceback),
]
