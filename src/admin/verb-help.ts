const TEXT = `djinit: PID 1 for Django containers

As the image's CMD:
  package.wsgi:application [option...]   nginx + gunicorn (also: options only, or gunicorn ...)
  celery worker [option...]              a celery worker
  celery beat [option...]                celery beat
  release                                migrate, collectstatic, superuser; then end: for a job before a deployment
  any other command                      that command, as user django

When an image is built, after pip install:
  djinit manifest    writes down its migrations, so that a start need not ask Django for them

Inside a running container:
  djinit health      exit status 0 when every service is ready
  djinit status      the services, their states and PIDs (--json)
  djinit migrations  applied, pending and unknown migrations (--json)
  djinit config      every variable, its value or default; secrets masked
  djinit version     the version
  djinit help        this text`;

export function help(): number {
  console.log(TEXT);
  return 0;
}
