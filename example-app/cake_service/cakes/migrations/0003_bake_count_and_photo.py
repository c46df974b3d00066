import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cakes", "0002_first_cakes")]

    operations = [
        migrations.AddField(
            model_name="cake",
            name="bake_count",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="cake",
            name="photo",
            field=models.FileField(
                blank=True,
                help_text="Shown in place of the picture.",
                upload_to="cakes/",
                validators=[
                    django.core.validators.FileExtensionValidator(
                        ["avif", "gif", "jpeg", "jpg", "png", "webp"]
                    )
                ],
            ),
        ),
        migrations.AlterField(
            model_name="cake",
            name="picture",
            field=models.CharField(
                choices=[
                    ("cakes/pictures/sacher.svg", "Sachertorte"),
                    ("cakes/pictures/black-forest.svg", "Black Forest gateau"),
                    ("cakes/pictures/victoria.svg", "Victoria sponge"),
                    ("cakes/pictures/battenberg.svg", "Battenberg"),
                    ("cakes/pictures/princess.svg", "Princess cake"),
                    ("cakes/pictures/lemon-meringue.svg", "Lemon meringue pie"),
                    ("cakes/pictures/plain.svg", "A plain cake"),
                ],
                default="cakes/pictures/plain.svg",
                max_length=100,
            ),
        ),
    ]
