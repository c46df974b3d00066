from django.conf import settings
from django.db import Error as DatabaseFailure
from django.db import connection
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST, require_safe
from kombu.exceptions import OperationalError as BrokerFailure

from cake_service.bounds import OutOfBounds, bounded_number
from cake_service.cakes.models import Beat, Cake
from cake_service.cakes.tasks import bake


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    context = {
        "cakes": Cake.objects.all(),
        "baked": Cake.objects.aggregate(total=Sum("bake_count", default=0))["total"],
        "beats": Beat.objects.count(),
    }
    return render(request, "cakes/index.html", context)


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The page; what it shows comes by the WebSocket of the same address (live.py)."""
    return render(request, "cakes/live.html")


def as_json(cake: Cake) -> dict:
    return {
        "id": cake.pk,
        "name": cake.name,
        "slug": cake.slug,
        "description": cake.description,
        "price": str(cake.price),
        "picture": cake.picture_url,
        "baked_at": cake.baked_at,
        "bake_count": cake.bake_count,
    }


@require_GET
@never_cache
def list_cakes(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"cakes": [as_json(cake) for cake in Cake.objects.all()]})


@csrf_exempt
@require_POST
def bake_cake(request: HttpRequest, cake_id: int) -> JsonResponse:
    """Queue the bake; `?seconds=N` (at most 600) sets how long it takes, with CAKE_DEBUG_ENDPOINTS only."""
    if not Cake.objects.filter(pk=cake_id).exists():
        return JsonResponse({"error": f"there is no cake {cake_id}"}, status=404)
    seconds = settings.CAKE_BAKE_SECONDS
    if settings.CAKE_DEBUG_ENDPOINTS:
        try:
            seconds = bounded_number(request, "seconds", default=seconds, least=0, most=600, kind=float)
        except OutOfBounds as error:
            return JsonResponse({"error": str(error)}, status=400)
    try:
        result = bake.delay(cake_id, seconds=seconds)
    except BrokerFailure:
        return JsonResponse({"error": "the broker does not answer, try again later"}, status=503)
    return JsonResponse({"task_id": result.id, "cake": cake_id, "seconds": seconds}, status=202)


@require_GET
@never_cache
def count_beats(request: HttpRequest) -> JsonResponse:
    last = Beat.objects.first()
    return JsonResponse({"count": Beat.objects.count(), "last": last.recorded_at if last else None})


@require_safe
@never_cache
def health(request: HttpRequest) -> HttpResponse:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseFailure:
        return HttpResponse("the database does not answer\n", status=503, content_type="text/plain")
    return HttpResponse("ok", content_type="text/plain")
