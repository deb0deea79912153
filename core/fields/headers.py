"""How headers of imported files are compared with the names of fields."""

import re
import unicodedata

# The unit of an amount at the end of a header, as in 金额(元), is ignored. 万元 (10,000 yuan) is
# left out on purpose: such a column must not be read as yuan.
_CURRENCY_UNIT = re.compile(r"\((?:元|人民币|cny|rmb|yuan|¥)\)$")
_SEPARATORS = re.compile(r"[\s_\-.:*]+")


def normalise_header(text: str) -> str:
    """Return the header in the form in which headers are compared.

    Case, full or half width, separators, a byte order mark and a currency in brackets are removed.
    """
    folded = unicodedata.normalize("NFKC", text).casefold().strip("\ufeff \t")
    return _SEPARATORS.sub("", _CURRENCY_UNIT.sub("", folded))
