"""The views that are measured."""

from django.urls import path

from bakery.cakes import views

urlpatterns = [
    path("", views.page),
    path("json/", views.as_json),
    path("slow/", views.slow),
    path("upload/", views.upload),
]
