"""What connects Django's and celery's logs with djinit's: request ids, and records instead of lines of text.

Enabled by one line of settings, which does no harm outside of a djinit container:

    INSTALLED_APPS += ["djinit_django"]

Needs nothing but Django (4.2 or later); celery is used where it is installed.
"""
