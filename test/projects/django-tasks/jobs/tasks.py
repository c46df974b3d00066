import logging

from board.models import Run
from django.tasks import task

logger = logging.getLogger(__name__)


@task
def record_run(asked_by):
    Run.objects.create(asked_by=asked_by)
    logger.info("a run for %s", asked_by)
