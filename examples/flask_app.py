"""A Flask application that takes documents and shows their text."""

from uuid import UUID

from flask import Flask, Response, jsonify, request

import ocr_platform

app = Flask(__name__)


@app.post("/documents")
def submit_document() -> tuple[Response, int]:
    """Store an upload encrypted in S3 and have it recognised."""
    with request.files["document"].stream as document:
        source = ocr_platform.upload(document)
    try:
        job_id = ocr_platform.submit(source, languages="eng")
    except ocr_platform.PlatformError as error:
        return jsonify(code=error.code, message=error.message), 422
    return jsonify(job_id=job_id), 202


@app.get("/documents/<uuid:job_id>")
def show_document(job_id: UUID) -> Response:
    """Say how the job stands; with the text once it has ended well."""
    status = ocr_platform.status(job_id)
    text = ocr_platform.result(job_id).text if status.outputs else None
    return jsonify(state=status.state, pages=status.pages, pages_done=status.pages_done, text=text)
