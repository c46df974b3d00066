from django.contrib import admin
from django.urls import include, path

from . import views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("talk/", views.talk),
    path("", include("board.urls")),
]
