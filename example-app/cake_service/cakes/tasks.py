import time

from celery import shared_task
from celery.utils.log import get_task_logger
from django.conf import settings
from django.db import OperationalError

from cake_service.cakes.models import Beat, Cake

logger = get_task_logger(__name__)


@shared_task(acks_late=True, autoretry_for=(OperationalError,), max_retries=3, default_retry_delay=2)
def bake(cake_id: int, seconds: float | None = None) -> None:
    """Bake for `seconds` (CAKE_BAKE_SECONDS if not given), then mark the cake baked."""
    time.sleep(settings.CAKE_BAKE_SECONDS if seconds is None else seconds)
    if Cake.mark_baked(cake_id):
        logger.info("cake %d is baked", cake_id)
    else:
        logger.warning("cake %d is gone, nothing to bake", cake_id)


@shared_task(autoretry_for=(OperationalError,), max_retries=3, default_retry_delay=2)
def record_beat() -> None:
    Beat.objects.create()
