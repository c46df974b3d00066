from django.core.validators import FileExtensionValidator, MinValueValidator
from django.db import models
from django.db.models import F
from django.templatetags.static import static
from django.utils import timezone

from cake_service.cakes.pictures import PICTURES, PLAIN


class Cake(models.Model):
    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=100, unique=True)
    description = models.TextField(blank=True)
    price = models.DecimalField(
        max_digits=6, decimal_places=2, validators=[MinValueValidator(0)], help_text="In euros, a whole cake."
    )
    picture = models.CharField(max_length=100, choices=PICTURES, default=PLAIN)
    photo = models.FileField(
        upload_to="cakes/",
        blank=True,
        validators=[FileExtensionValidator(["avif", "gif", "jpeg", "jpg", "png", "webp"])],
        help_text="Shown in place of the picture.",
    )
    baked_at = models.DateTimeField(null=True, blank=True, editable=False)
    bake_count = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def picture_url(self) -> str:
        return self.photo.url if self.photo else static(self.picture)

    @classmethod
    def mark_baked(cls, cake_id: int) -> bool:
        """Count one more baked cake, in one statement so that none is lost. False: no such cake."""
        baked = cls.objects.filter(pk=cake_id)
        return baked.update(bake_count=F("bake_count") + 1, baked_at=timezone.now()) == 1


class Beat(models.Model):
    """One tick of the beat schedule."""

    recorded_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        ordering = ["-recorded_at"]

    def __str__(self) -> str:
        return self.recorded_at.isoformat(timespec="seconds")
