import re
from pathlib import Path

from django.contrib.auth import get_user_model
from django.contrib.staticfiles import finders
from django.test import TestCase, override_settings
from django.urls import reverse

from cake_service.cakes.models import Beat, Cake
from cake_service.cakes.pictures import PICTURES

WITHOUT_MANIFEST = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


@override_settings(STORAGES=WITHOUT_MANIFEST)
class PageTests(TestCase):
    def test_the_page_lists_the_seeded_cakes_with_pictures(self):
        page = self.client.get("/").content.decode()
        self.assertEqual(Cake.objects.count(), 6)
        for cake in Cake.objects.all():
            self.assertInHTML(cake.description, page)
            self.assertIn(f'src="/static/{cake.picture}"', page)

    def test_every_static_file_of_the_page_is_there(self):
        page = self.client.get("/").content.decode()
        names = set(re.findall(r'"/static/([^"]+)"', page)) | {name for name, _ in PICTURES}
        for name in names:
            self.assertIsNotNone(finders.find(name), name)
        # nginx compresses from 1,024 bytes on
        self.assertGreater(Path(finders.find("cakes/cakes.css")).stat().st_size, 1024)

    def test_the_page_without_cakes(self):
        Cake.objects.all().delete()
        self.assertContains(self.client.get("/"), "The shelves are empty")

    def test_a_photo_takes_the_place_of_the_picture(self):
        cake = Cake(name="Stollen", slug="stollen", price=12, photo="cakes/stollen.jpg")
        self.assertEqual(cake.picture_url, "/media/cakes/stollen.jpg")


@override_settings(STORAGES=WITHOUT_MANIFEST)
class AdminTests(TestCase):
    def setUp(self):
        self.client.force_login(get_user_model().objects.create_superuser("baker"))

    def test_the_lists(self):
        Beat.objects.create()
        self.assertContains(self.client.get(reverse("admin:cakes_cake_changelist")), "Sachertorte")
        self.assertContains(self.client.get(reverse("admin:cakes_beat_changelist")), "1 beat")

    def test_a_cake_can_be_changed_and_a_beat_cannot(self):
        cake = Cake.objects.first()
        form = reverse("admin:cakes_cake_change", args=[cake.pk])
        self.assertContains(self.client.get(form), cake.name)
        fields = {"name": cake.name, "slug": cake.slug, "price": "9.50", "picture": cake.picture}
        self.assertEqual(self.client.post(form, fields).status_code, 302)
        cake.refresh_from_db()
        self.assertEqual(str(cake.price), "9.50")
        self.assertEqual(self.client.get(reverse("admin:cakes_beat_add")).status_code, 403)
