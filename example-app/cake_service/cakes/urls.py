from django.urls import path

from cake_service.cakes import views

urlpatterns = [
    path("", views.index, name="index"),
    path("live/", views.live, name="live"),
    path("api/cakes/", views.list_cakes, name="cakes"),
    path("api/cakes/<int:cake_id>/bake/", views.bake_cake, name="bake"),
    path("api/beats/", views.count_beats, name="beats"),
    path("health/", views.health, name="health"),
]
