"""One table."""

from django.db import models


class Cake(models.Model):
    """A row of the page."""

    name = models.CharField(max_length=100)
    price = models.DecimalField(max_digits=6, decimal_places=2)
    baked = models.DateTimeField()
