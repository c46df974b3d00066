from django.conf import settings
from django.conf.urls.static import static
from django.contrib import admin
from django.urls import include, path
from jobs import views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("runs/", views.runs),
    path("", include("board.urls")),
]

if settings.DEBUG:
    urlpatterns += static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT)
