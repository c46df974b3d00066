"""What is measured: a small answer, a page of rows, a view that waits, uploads."""

import time

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from bakery.cakes.models import Cake

WAITS_SECONDS = 0.2


def page(request: HttpRequest) -> HttpResponse:
    """20 rows of the database in HTML."""
    return render(request, "page.html", {"cakes": Cake.objects.order_by("-baked")[:20]})


def as_json(request: HttpRequest) -> HttpResponse:
    """A small answer without the database."""
    return JsonResponse({"name": "Sacher", "price": "4.50", "layers": [1, 2, 3], "ready": True})


def slow(request: HttpRequest) -> HttpResponse:
    """What waits for another service."""
    time.sleep(WAITS_SECONDS)
    return JsonResponse({"waited": WAITS_SECONDS})


@csrf_exempt
def upload(request: HttpRequest) -> HttpResponse:
    """Tell how long the file is that came whole."""
    return JsonResponse({"bytes": request.FILES["file"].size})
