"""Write the numbers that cells compute as a book does: a true minus, 4.4 × 10⁻⁷, no minus zero.

Python writes a hyphen for a minus and 4.4e-07 for a power of ten. A hyphen is shorter than a plus, and a line may
break after it. What looks like code is left as it is, as are ranges such as 1-6 and dates.
"""

import re

MINUS = "\N{MINUS SIGN}"
SPACE = "\N{NO-BREAK SPACE}"
HYPHEN = re.compile(r"(?<![\w)\]}.,;:=/\"'\N{MINUS SIGN}-])-(?=\.?\d|inf\b)")
MINUS_ZERO = re.compile(rf"[-{MINUS}](0(?:\.0+)?(?:{SPACE}?%)?)")
POWER = re.compile(r"(?<![\w.^])(?:(\d+(?:\.\d+)?)e|10\^)([-+]?)0*(\d+)(?![\w.])")
CODE = re.compile(r"""[][{}"'`_]|=(?=\S)|[A-Za-z]\w*\.[A-Za-z]""")
RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def with_minus(text: str) -> str:
    """Return a text whose negative numbers have a true minus."""
    return HYPHEN.sub(MINUS, text)


def _power(found: re.Match[str]) -> str:
    """Return a power of ten as it is written by hand."""
    factor, sign, digits = found.groups()
    power = "10" + (sign.replace("+", "") + digits).translate(RAISED)
    return power if factor in (None, "1") else f"{factor}{SPACE}×{SPACE}{power}"


def in_a_cell(text: str) -> str:
    """Return a number, or words with numbers, as a cell of a table shows them.

    Parameters
    ----------
    text : str
        What a cell holds. What looks like code (brackets, quotes, `=` before a value, names with points or
        low lines) comes back as it is.

    Returns
    -------
    str
        The same, with a true minus, powers of ten with raised exponents, and zeros without a sign.
    """
    if CODE.search(text):
        return text
    if found := MINUS_ZERO.fullmatch(text):
        return found[1]
    return with_minus(POWER.sub(_power, text))
