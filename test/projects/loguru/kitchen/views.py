from django.http import HttpResponse
from loguru import logger


def talk(request):
    logger.info("the oven is warm", degrees=220)
    logger.warning("the flour runs low")
    logger.error("the oven is cold")
    try:
        try:
            {"flour": 1}["yeast"]
        except KeyError as error:
            raise ValueError("there is no dough") from error
    except ValueError:
        logger.exception("cannot bake")
    return HttpResponse("said")
