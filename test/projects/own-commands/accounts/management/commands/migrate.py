from django.contrib.auth.models import Group
from django.core.management.commands.migrate import Command as MigrateCommand


class Command(MigrateCommand):
    """Migrates, and sees to it that the groups are there."""

    def handle(self, *args, **options):
        super().handle(*args, **options)
        for name in ("sales", "support"):
            Group.objects.using(options["database"]).get_or_create(name=name)
