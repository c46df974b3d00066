from board.models import Run
from django.db.models import Count
from django.http import HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from .tasks import record_run


@csrf_exempt
def runs(request):
    if request.method == "POST":
        record_run.enqueue("visitor")
        return HttpResponse(status=202)
    return JsonResponse(dict(Run.objects.values_list("asked_by").annotate(Count("id"))))
