from decimal import Decimal

from django.db import migrations

CAKES = [
    (
        "Sachertorte",
        "sachertorte",
        "Dark chocolate sponge, a thin layer of apricot jam and a mirror of chocolate. Best a day old.",
        "38.00",
        "cakes/pictures/sacher.svg",
    ),
    (
        "Black Forest gateau",
        "black-forest-gateau",
        "Chocolate, whipped cream and sour cherries that have spent a night in kirsch.",
        "42.50",
        "cakes/pictures/black-forest.svg",
    ),
    (
        "Victoria sponge",
        "victoria-sponge",
        "Two golden layers, strawberry jam and buttercream, and a drift of sugar on top.",
        "24.00",
        "cakes/pictures/victoria.svg",
    ),
    (
        "Battenberg",
        "battenberg",
        "A chessboard of pink and yellow almond sponge, held by jam and wrapped in marzipan.",
        "21.50",
        "cakes/pictures/battenberg.svg",
    ),
    (
        "Princess cake",
        "princess-cake",
        "Sponge, raspberry, custard and a dome of cream under green marzipan, with a rose to finish.",
        "36.00",
        "cakes/pictures/princess.svg",
    ),
    (
        "Lemon meringue pie",
        "lemon-meringue-pie",
        "Sharp lemon curd in a crisp shell, under peaks of meringue browned at the tips.",
        "27.00",
        "cakes/pictures/lemon-meringue.svg",
    ),
]


def add_cakes(apps, schema_editor):
    Cake = apps.get_model("cakes", "Cake")
    Cake.objects.using(schema_editor.connection.alias).bulk_create(
        Cake(name=name, slug=slug, description=description, price=Decimal(price), picture=picture)
        for name, slug, description, price, picture in CAKES
    )


def remove_cakes(apps, schema_editor):
    Cake = apps.get_model("cakes", "Cake")
    slugs = [slug for _, slug, *_ in CAKES]
    Cake.objects.using(schema_editor.connection.alias).filter(slug__in=slugs).delete()


class Migration(migrations.Migration):
    dependencies = [("cakes", "0001_initial")]

    operations = [migrations.RunPython(add_cakes, remove_cakes)]
