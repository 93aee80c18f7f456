"""Django views that take documents and show their text; `urlpatterns` belongs into your urls.py."""

from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

import ocr_platform
from ocr_platform.contrib.django import submit


@require_POST
def submit_document(request: HttpRequest) -> JsonResponse:
    """Store an upload encrypted in S3 and have it recognised; a reference that was used before is refused."""
    source = ocr_platform.upload(request.FILES["document"])
    try:
        # What you save in here and the job are stored together, or neither is: Django's database is the platform's.
        with transaction.atomic():
            job_id = submit(source, languages="eng", client_token=request.POST["reference"])
    except ocr_platform.PlatformError as error:
        return JsonResponse({"code": error.code, "message": error.message}, status=422)
    return JsonResponse({"job_id": job_id}, status=202)


@require_GET
def show_document(request: HttpRequest, job_id: UUID) -> JsonResponse:
    """Say how the job stands; with the text once it has ended well."""
    status = ocr_platform.status(job_id)
    text = ocr_platform.result(job_id).text if status.outputs else None
    return JsonResponse({"state": status.state, "pages": status.pages, "pages_done": status.pages_done, "text": text})


urlpatterns = [
    path("documents", submit_document),
    path("documents/<uuid:job_id>", show_document),
]
