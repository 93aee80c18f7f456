"""Options of the command line that say how a document is to be read."""

import click

from ocr_platform.models import DEFAULT_FORMATS, OcrMode, OutputFormat, Quality

USUAL_LANGUAGES = "eng"
USUAL_FORMATS = ",".join(DEFAULT_FORMATS)
LANGUAGES_HELP = "Models to read with, such as eng+deu; auto finds them out for each page."
FORMATS_HELP = "Outputs to write, of " + ", ".join(OutputFormat) + "."

ocr_option = click.option(
    "--ocr",
    type=click.Choice([str(mode) for mode in OcrMode]),
    default=str(OcrMode.AUTO),
    show_default=True,
    help="Pages that bring their text along: auto takes what can be trusted, force recognises all, skip nothing.",
)
password_secret_option = click.option(
    "--password-secret",
    metavar="ARN",
    help="Secret in Secrets Manager that holds the password of a PDF: a JSON object with password.",
)
quality_option = click.option(
    "--quality",
    type=click.Choice([str(quality) for quality in Quality]),
    help="How much work a page may be; by default OCR_QUALITY.",
)
