"""Tables that people read: one look for all, in JupyterLab and in the book.

pandas shows a table as a programmer wants it: every digit, an index even where the rows only have
numbers, headers of groups at the edge of their columns. `table` shows the same numbers for a reader:
decimals chosen for each column and in line, a rule under the header of each group, "–" where there is no
number, and no minus before a zero. The numbers themselves stay in `.data`. A cell that begins with ✓ or ✗
is a verdict, and has a color in the book.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
import math
from numbers import Integral, Real

from companion.inputs import flag
import pandas as pd

__all__ = ["Table", "decimals_for", "number_text", "p_value_text", "table", "two_digits"]

DIGITS = 3  # of the largest number of a column, where no format is asked for
MOST_DECIMALS = 6
NOTHING = "–"
FIGURE_SPACE, POINT_SPACE = "\u2007", "\u2008"  # as wide as a digit, and as a point
MINUS = "−"
VERDICTS = {"✓": "good", "✗": "bad"}

GROUP = 'style="text-align: center; border-bottom: 1px solid"'


def decimals_for(error: float) -> int:
    """Return how many decimals of an estimate its standard error lets you believe.

    Parameters
    ----------
    error : float
        The Monte Carlo standard error, in the unit of the estimate.

    Returns
    -------
    int
        Decimals down to the leading digit of the error: 2 for 0.045, 0 for 12; 6 at most, and for
        an error of zero, and 2 for one that is not known.

    Raises
    ------
    TypeError
        If `error` is not a number.
    """
    _must_be_number("error", error)
    if not math.isfinite(error):
        return 2
    if error <= 0.0:
        return MOST_DECIMALS
    return min(max(-math.floor(math.log10(error)), 0), MOST_DECIMALS)


def two_digits(error: float) -> str:
    """Return a standard error as text, with two digits that count: 0.020, 1.5, 1,234.

    Parameters
    ----------
    error : float
        In any unit.

    Returns
    -------
    str
        As scientists write it (`"3.2e-08"`) where it is zero, not finite or below a millionth.

    Raises
    ------
    TypeError
        If `error` is not a number.
    """
    _must_be_number("error", error)
    if not 1e-6 <= error < math.inf:
        return f"{error:.2g}"
    return f"{error:,.{max(1 - math.floor(math.log10(error)), 0)}f}"


def number_text(value: object, form: str) -> str:
    """Return a cell of a table: a number in a format, with a true minus sign and none before zero.

    Parameters
    ----------
    value : object
        A number. "–" stands for one that is missing; text and other things are shown as they are.
    form : str
        How Python formats numbers, such as `",.1f"`.

    Returns
    -------
    str

    Raises
    ------
    TypeError
        If `form` is not text.
    ValueError
        If `form` is no format for such a number.
    """
    if not isinstance(form, str):
        raise TypeError(f"form must be text such as '.2f', but {form!r} was given.")
    if isinstance(value, str):
        return value
    if value is None or value is pd.NA or (isinstance(value, Real) and math.isnan(value)):
        return NOTHING
    if not isinstance(value, Real):
        return str(value)
    try:
        text = format(value, form)
    except ValueError as error:
        raise ValueError(
            f"form must be a format of numbers such as '.2f', but {form!r} was given: {error}."
        ) from error
    if text.startswith("-"):
        body = text[1:]
        return body if not body.strip("0.,%") else MINUS + body
    return text


def p_value_text(p: float) -> str:
    """Return a p-value as text with three decimals, and never as 0 or 1.

    A share of a few thousand replications cannot tell zero from something small.

    Parameters
    ----------
    p : float
        A probability.

    Returns
    -------
    str
        `"below 0.001"`, `"above 0.999"`, or three decimals.

    Raises
    ------
    TypeError
        If `p` is not a number.
    ValueError
        If `p` is not between 0 and 1.
    """
    _must_be_number("p", p)
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"p must be between 0 and 1, but {p!r} was given.")
    return "below 0.001" if p < 0.0005 else "above 0.999" if p > 0.9995 else f"{p:.3f}"


def _must_be_number(name: str, value: object) -> None:
    """Refuse what is no real number."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, but {value!r} was given.")


def _decimals_of(values: pd.Series) -> int:
    """Return how many decimals a column of numbers needs."""
    sizes = values.abs()
    largest = sizes[sizes < math.inf].max()
    if not largest > 0.0:
        return 0
    return min(max(DIGITS - 1 - math.floor(math.log10(largest)), 0), MOST_DECIMALS)


def _in_line(texts: Sequence[str]) -> list[str]:
    """Pad numbers on the right until their points stand below each other."""
    tails = []
    for text in texts:
        head, point, tail = text.partition(".")
        number = tail.isdigit() and not head.strip(f"{MINUS}0123456789,")
        tails.append(len(tail) if point and number else 0)
    longest = max(tails, default=0)
    return [
        text + (POINT_SPACE if not tail and longest else "") + FIGURE_SPACE * (longest - tail)
        for text, tail in zip(texts, tails, strict=True)
    ]


def _cell(text: str) -> str:
    """Return a cell of the body."""
    verdict = VERDICTS.get(text[:1])
    return f'<td class="{verdict}">{escape(text)}</td>' if verdict else f"<td>{escape(text)}</td>"


class Table:
    """A table for a page.

    Attributes
    ----------
    data : pandas.DataFrame
        The numbers.
    cells : pandas.DataFrame
        What is shown, as text; rows and columns as in `data`. The points of numbers stand in line.
    caption : str or None
        A sentence that stands with it.
    index : bool
        Whether the names of rows are shown.
    """

    def __init__(
        self,
        data: pd.DataFrame,
        cells: pd.DataFrame,
        caption: str | None = None,
        index: bool = True,
    ) -> None:
        columns = {i: _in_line(list(cells.iloc[:, i])) for i in range(cells.shape[1])}
        self.cells = pd.DataFrame(columns, index=data.index).set_axis(data.columns, axis=1)
        self.data, self.caption, self.index = data, caption, index

    def __repr__(self) -> str:
        """Return the table as text."""
        shown = self.cells.to_string(index=self.index)
        return f"{shown}\n{self.caption}" if self.caption else shown

    def _corners(self, level: int, levels: int) -> list[str]:
        """Return the cells above the names of rows: their own names, in the last row of the header."""
        if not self.index:
            return []
        names = self.data.index.names if level == levels - 1 else [None] * self.data.index.nlevels
        return [
            "<td></td>" if name is None else f'<th scope="col">{escape(str(name))}</th>'
            for name in names
        ]

    def _header(self) -> list[str]:
        """Return the rows of the header."""
        columns = self.data.columns
        rows = []
        for level in range(columns.nlevels):
            last = level == columns.nlevels - 1
            labels = [str(label) for label in columns.get_level_values(level)]
            row = self._corners(level, columns.nlevels)
            if last:
                row += [f'<th scope="col">{escape(label)}</th>' for label in labels]
            else:
                for label, group in groupby(labels):
                    span = len(list(group))
                    row.append(
                        f'<th scope="colgroup" colspan="{span}" {GROUP}>{escape(label)}</th>'
                        if label
                        else f'<td colspan="{span}"></td>'
                    )
            rows.append(f"<tr>{''.join(row)}</tr>")
        return rows

    def _body(self) -> list[str]:
        """Return the rows of the body."""
        rows = []
        for i, label in enumerate(self.data.index):
            labels = label if isinstance(label, tuple) else (label,)
            row = [f'<th scope="row">{escape(str(each))}</th>' for each in labels if self.index]
            row += [_cell(text) for text in self.cells.iloc[i]]
            rows.append(f"<tr>{''.join(row)}</tr>")
        return rows

    def to_html(self) -> str:
        """Return the table as HTML."""
        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        header, body = "".join(self._header()), "".join(self._body())
        return f'<table class="for-readers">{caption}<thead>{header}</thead><tbody>{body}</tbody></table>'

    _repr_html_ = to_html


def table(
    data: pd.DataFrame,
    forms: str | Mapping[object, str] | None = None,
    *,
    caption: str | None = None,
    index: bool | None = None,
) -> Table:
    """Show numbers for a reader.

    Parameters
    ----------
    data : pandas.DataFrame
        Rows and columns, with one or more levels of names.
    forms : str or mapping, optional
        How Python formats numbers, such as `".2f"` or `",.0f"`: for all columns, or by column, where a
        name of the last level stands for all columns of that name. Without one whole numbers are
        written in full, and others with three digits of the largest in their column.
    caption : str, optional
        A sentence that stands with the table.
    index : bool, optional
        Whether to show the names of rows; by default unless they are only 0, 1, 2, ...

    Returns
    -------
    Table
        The numbers stay in its `.data`.

    Raises
    ------
    TypeError
        If `data` is not a data frame, `forms` neither text nor a mapping to text, `caption` no text, or
        `index` neither True nor False.
    ValueError
        If `forms` names a column that is not there, or is no format for numbers.
    """
    if not isinstance(data, pd.DataFrame):
        raise TypeError(f"data must be a pandas DataFrame, but a {type(data).__name__} was given.")
    if forms is not None and not isinstance(forms, (str, Mapping)):
        raise TypeError(
            "forms must be a format such as '.2f', or a dict of formats by column, but a "
            f"{type(forms).__name__} was given."
        )
    if caption is not None and not isinstance(caption, str):
        raise TypeError(f"caption must be text, but a {type(caption).__name__} was given.")
    if index is not None:
        flag("index", index)
    last = data.columns.get_level_values(-1)
    by_column = forms if isinstance(forms, Mapping) else {}
    for name in by_column:
        if name not in data.columns and name not in last:
            raise ValueError(
                f"forms must name columns of data, but {name!r} is none of "
                f"{', '.join(str(column) for column in data.columns)}."
            )
    for asked in by_column.values() if isinstance(forms, Mapping) else [forms or ""]:
        _check_form(asked)
    shown = {}
    for position, (column, label) in enumerate(zip(data.columns, last, strict=True)):
        values = data.iloc[:, position]
        own = by_column[column] if column in by_column else by_column.get(label)
        form = forms if isinstance(forms, str) else own
        shown[position] = [number_text(value, _form(form, values, value)) for value in values]
    counted = isinstance(data.index, pd.RangeIndex) and data.index.name is None
    cells = pd.DataFrame(shown, index=data.index)
    return Table(data, cells, caption, not counted if index is None else index)


def _check_form(form: object) -> None:
    """Refuse what is no format for numbers."""
    if not isinstance(form, str):
        raise TypeError(f"forms must be text such as '.2f', but {form!r} was given.")
    for number in (1.0, 1):  # some formats are for whole numbers only
        try:
            format(number, form)
        except ValueError as error:
            problem = error
        else:
            return
    raise ValueError(
        f"forms must be formats of numbers such as '.2f', but {form!r} was given: {problem}."
    )


def _form(form: str | None, values: pd.Series, value: object) -> str:
    """Return the format of one cell."""
    if form is not None:
        return form
    if isinstance(value, (Integral, bool)):
        return ""
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    return f".{_decimals_of(numbers)}f"
