# The boot of the design that djinit succeeds: one step after the other, each by a django-admin of its own.
set -e

as_django() {
  setpriv --reuid=django --regid=django --init-groups "$@"
}

for directory in /app/media /app/mediafiles; do
  if [ -d "$directory" ] && [ "$(stat -c %U:%G "$directory")" != django:django ]; then
    chown -R django:django "$directory"
  fi
done

if [ -z "$SKIP_MIGRATIONS" ]; then
  as_django django-admin migrate --noinput
fi

if [ -n "$RUN_COLLECTSTATIC" ]; then
  as_django django-admin collectstatic --noinput
fi

if [ -n "$SUPERUSER_PASSWORD" ]; then
  as_django django-admin shell <<PYTHON
from django.contrib.auth.models import User
if not User.objects.filter(username="admin").exists():
    User.objects.create_superuser("admin", "admin@example.com", "$SUPERUSER_PASSWORD")
PYTHON
fi

nginx -e stderr -g "user nginx; daemon off;" &

cd /run/celery
if [ -n "$CELERY_WORKER" ]; then
  as_django celery --app "$CELERY_APP" worker --pool=solo --pidfile worker.pid --concurrency "${CELERY_CONCURRENCY:-1}" &
fi
if [ -n "$CELERY_BEAT" ]; then
  as_django celery --app "$CELERY_APP" beat --pidfile beat.pid &
fi

cd /app
exec setpriv --reuid=django --regid=django --init-groups gunicorn --config /etc/gunicorn/config.py "$@"
