from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Creates an administrator with the password from the command line"

    def add_arguments(self, parser):
        parser.add_argument("name")
        parser.add_argument("password")

    def handle(self, *args, **options):
        users = get_user_model().objects
        users.create_superuser(options["name"], f"{options['name']}@crm.example", options["password"])
        self.stdout.write(self.style.SUCCESS("done"))
