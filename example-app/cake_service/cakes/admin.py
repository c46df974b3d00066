from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html

from cake_service.cakes.models import Beat, Cake


@admin.register(Cake)
class CakeAdmin(admin.ModelAdmin):
    list_display = ["thumbnail", "name", "price", "bake_count", "baked_at"]
    list_display_links = ["thumbnail", "name"]
    list_filter = ["baked_at"]
    search_fields = ["name", "description"]
    prepopulated_fields = {"slug": ["name"]}
    readonly_fields = ["bake_count", "baked_at"]

    @admin.display(description="")
    def thumbnail(self, cake: Cake) -> str:
        return format_html('<img src="{}" alt="" width="64" height="48">', cake.picture_url)


@admin.register(Beat)
class BeatAdmin(admin.ModelAdmin):
    list_display = ["id", "recorded_at"]
    date_hierarchy = "recorded_at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Beat | None = None) -> bool:
        return False
