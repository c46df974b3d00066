from django.apps import AppConfig


class CakesConfig(AppConfig):
    name = "cake_service.cakes"
    verbose_name = "Bakery"
