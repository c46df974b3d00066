from django.contrib import admin
from django.urls import include, path

admin.site.site_header = "Cake Service"
admin.site.site_title = "Cake Service"
admin.site.index_title = "The bakery"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("debug/", include("cake_service.debug.urls")),
    path("", include("cake_service.cakes.urls")),
]
