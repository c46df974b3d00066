"""A small bakery: Django serves the cakes, Celery bakes them."""

from cake_service.celery import app as celery_app

__all__ = ("celery_app",)
