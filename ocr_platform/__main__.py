"""`python -m ocr_platform`: the same as the command `ocr-platform`."""

from ocr_platform.cli import main

if __name__ == "__main__":
    main()
