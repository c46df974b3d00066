from django.test import SimpleTestCase

from cake_service.tests.environment import run_python

PRINT_SETTING = """
from django.conf import settings
print({expression})
"""


def setting(expression: str, **variables: str) -> str:
    result = run_python(PRINT_SETTING.format(expression=expression), SECRET_KEY="for-a-test", **variables)
    if result.returncode != 0:
        raise AssertionError(result.stderr)
    return result.stdout.strip()


class SettingsTests(SimpleTestCase):
    def test_a_secret_key_is_required(self):
        for variables in ({}, {"SECRET_KEY": ""}):
            result = run_python("from django.conf import settings; settings.DEBUG", **variables)
            self.assertNotEqual(result.returncode, 0)
            self.assertIn("ImproperlyConfigured: SECRET_KEY is not set", result.stderr)

    def test_a_secret_key_may_begin_with_a_dollar(self):
        result = run_python(
            "from django.conf import settings; print(settings.SECRET_KEY)", SECRET_KEY="$ugar"
        )
        self.assertEqual(result.stdout.strip(), "$ugar")

    def test_the_embedded_defaults(self):
        self.assertRegex(setting("settings.DATABASES['default']['NAME']"), r"/data/db\.sqlite3$")
        self.assertEqual(setting("settings.CELERY_BROKER_URL"), "filesystem://localhost")
        self.assertEqual(setting("settings.DEBUG"), "False")
        self.assertIn("localhost", setting("settings.ALLOWED_HOSTS"))

    def test_empty_variables_count_as_not_set(self):
        self.assertRegex(setting("settings.DATABASES['default']['NAME']", DATABASE_URL=""), r"db\.sqlite3$")
        self.assertRegex(setting("settings.CELERY_BROKER_URL", CELERY_BROKER_URL=""), "^filesystem:")

    def test_postgres_and_redis_by_url(self):
        database = setting(
            "settings.DATABASES['default']['ENGINE'], settings.DATABASES['default']['HOST']",
            DATABASE_URL="postgres://baker:flour@db.example/cakes",
        )
        self.assertEqual(database, "django.db.backends.postgresql db.example")
        cache = setting("settings.CACHES['default']['LOCATION']", CACHE_URL="redis://cache.example:6379/1")
        self.assertEqual(cache, "redis://cache.example:6379/1")

    def test_mail_by_url(self):
        mail = setting(
            "settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS",
            EMAIL_URL="smtp+tls://baker:flour@mail.example:587",
        )
        self.assertEqual(mail, "mail.example 587 True")

    def test_a_bucket_moves_media_to_s3(self):
        code = "from django.core.files.storage import default_storage as s; print(s.bucket_name)"
        result = run_python(code, SECRET_KEY="for-a-test", AWS_STORAGE_BUCKET_NAME="cakes")
        self.assertEqual(result.stdout.strip(), "cakes", result.stderr)

    def test_seconds_must_be_a_sensible_number(self):
        for value in ("soon", "0", "-1", "nan", "86400"):
            code = "from django.conf import settings; settings.DEBUG"
            result = run_python(code, SECRET_KEY="for-a-test", CAKE_BEAT_SECONDS=value)
            self.assertIn("CAKE_BEAT_SECONDS", result.stderr.splitlines()[-1])
