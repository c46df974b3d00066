from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cakes", "0003_bake_count_and_photo")]

    operations = [
        migrations.CreateModel(
            name="Beat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("recorded_at", models.DateTimeField(auto_now_add=True, db_index=True)),
            ],
            options={"ordering": ["-recorded_at"]},
        ),
    ]
