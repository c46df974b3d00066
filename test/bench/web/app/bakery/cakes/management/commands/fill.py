"""Rows for the page."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

from django.core.management.base import BaseCommand

from bakery.cakes.models import Cake

FIRST = datetime(2026, 1, 1, tzinfo=timezone.utc)


class Command(BaseCommand):
    """Writes 200 of them, of which the page shows 20."""

    def handle(self, **options):
        """Write them."""
        Cake.objects.bulk_create(
            Cake(name=f"Cake {number}", price=Decimal(number) / 4, baked=FIRST + timedelta(hours=number)) for number in range(200)
        )
