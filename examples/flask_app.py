"""A Flask application that takes documents and shows their text. Its own table is in the platform's database."""

import os
from uuid import UUID

from flask import Flask, Response, jsonify, request
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

import ocr_platform

app = Flask(__name__)
engine = create_engine(os.environ["DATABASE_URL"])


class Base(DeclarativeBase):
    """Root of the application's tables."""


class Letter(Base):
    """What the application keeps of a letter."""

    __tablename__ = "letters"

    reference: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[UUID]


@app.post("/documents")
def submit_document() -> tuple[Response, int]:
    """Store an upload encrypted in S3 and have it recognised; a reference that was used before is refused."""
    with request.files["document"].stream as document:
        source = ocr_platform.upload(document)
    reference = request.form["reference"]
    try:
        # The letter and its job are stored together, or neither is. A worker hears of the job after the commit.
        with Session(engine) as session, session.begin():
            job_id = ocr_platform.submit(source, languages="eng", client_token=reference, session=session)
            session.add(Letter(reference=reference, job_id=job_id))
    except ocr_platform.PlatformError as error:
        return jsonify(code=error.code, message=error.message), 422
    return jsonify(job_id=job_id), 202


@app.get("/documents/<uuid:job_id>")
def show_document(job_id: UUID) -> Response:
    """Say how the job stands; with the text once it has ended well."""
    status = ocr_platform.status(job_id)
    text = ocr_platform.result(job_id).text if status.outputs else None
    return jsonify(state=status.state, pages=status.pages, pages_done=status.pages_done, text=text)
