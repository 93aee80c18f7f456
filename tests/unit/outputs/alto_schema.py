"""Whether a document is ALTO 4.4, as far as `outputs/alto.py` writes it.

The standard's own schema (XSD) comes in no package. The grammar beside this file refuses whatever that schema refuses
in our outputs: compared with it on 2026-11-27, see `docs/outputs.md`.
"""

from pathlib import Path

from lxml import etree

ALTO = {"a": "http://www.loc.gov/standards/alto/ns-v4#"}
_GRAMMAR = etree.RelaxNG(file=str(Path(__file__).with_name("alto.rng")))


def faults(document: etree._Element) -> list[str]:
    """What is wrong with a document; nothing when it is valid."""
    found = [] if _GRAMMAR.validate(document) else [entry.message for entry in _GRAMMAR.error_log]
    # RELAX NG cannot forbid white space in an element that has no content; XML Schema does.
    spaced = document.xpath("//a:SP[text()] | //a:HYP[text()]", namespaces=ALTO)
    found.extend(f"{etree.QName(element).localname} is not empty" for element in spaced)
    # The grammar's ID and IDREF are only checked as names by some validators.
    names = document.xpath("//@ID")
    found.extend(f"{name} names two elements" for name in {name for name in names if names.count(name) > 1})
    found.extend(f"{name} names nothing" for name in document.xpath("//@PROCESSING") if name.strip() not in names)
    return found
