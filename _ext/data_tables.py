"""Make the tables that cells print readable: for the eye, for the keyboard, and for who hears them.

pandas writes tables with empty header cells, headers without a scope, and its own style sheet. Of each such
table this makes one whose headers say what they are headers of, whose columns of words and of numbers are told
apart, and whose numbers stand with their decimal points below each other: `_static/book.css` then
does the rest. A table lies in a `div.table-scroll`, which scrolls by itself where there is no room.

Numbers get the form of a book: whole ones lose the ".0" that pandas gives to floats, what is missing is one
sign, and `number_signs` writes minus signs and powers of ten.
"""

from collections.abc import Iterator
from dataclasses import dataclass
import re
from typing import Any, Self, TypeGuard

from bs4 import BeautifulSoup, Tag
from docutils import nodes
from html_classes import add_class, classes_of, set_classes
from kept_together import CLASS, parts
from number_signs import in_a_cell, rewrite, spaced
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

NOTHING = "\N{EN DASH}"
MISSING = {"", "nan", "NaN", "NaT", "<NA>", "-", NOTHING, "\N{EM DASH}"}
NUMBER = re.compile(
    r"[-+\N{MINUS SIGN}]?(?:[\d,]*\.?\d+(?:e[-+]?\d+)?\s?%?|inf|(?:[\d.]+\s×\s)?10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
)
PLAIN = re.compile(r"[-+\N{MINUS SIGN}]?[\d,]+(?:\.(\d+))?")
POINT = 0.28  # the width of a decimal point, in widths of a digit
COUNTED = {"count", "size", "parameters", "categories", "divergences"}  # whole by what they are
ENOUGH = 3  # that many numbers of a column, rounded to one decimal, are not all whole by chance
ENOUGH_IN_A_ROW = 5  # there are more rows
# R-hat, E-BFMI, p-value, 13-18, Student-t; non-centered; Normal(0, 0.5); a mark and what it marks.
HYPHENED = re.compile(
    r"(?<!\w)(?:\w{1,2}-\w+|\w+-\w(?!\w)|[Nn]on-\w+|\w+\([^\s()]+, [^\s()]+\))|[✓✗] [\w-]+"
)
NOT_TO_BE_HAD = {"not recorded", "not defined"}
LONG = 16  # letters of a name that a narrow column would break at every word


def span(cell: Tag, name: str) -> int:
    """Return how many columns or rows a cell has, `colspan` or `rowspan`."""
    return int(str(cell.get(name) or 1))


def placed(rows: list[Tag]) -> Iterator[tuple[int, int, Tag]]:
    """Yield each cell of some rows with its row and its first column, past the cells that span rows."""
    taken: set[tuple[int, int]] = set()
    for row, line in enumerate(rows):
        column = 0
        for cell in line.find_all(["td", "th"], recursive=False):
            while (row, column) in taken:
                column += 1
            wide, high = span(cell, "colspan"), span(cell, "rowspan")
            taken |= {(row + i, column + j) for i in range(high) for j in range(wide)}
            yield row, column, cell
            column += wide


def text_of(cell: Tag) -> str:
    """Return what is written in a cell."""
    return cell.get_text(" ", strip=True).replace("\xa0", " ").strip()


def name_headers(soup: BeautifulSoup, table: Tag) -> None:
    """Say of each header whether it is one of a column or of a row; an empty one is no header."""
    for cell in table.find_all("th"):
        if not text_of(cell):
            cell.name = "td"
        elif cell.find_parent("thead"):
            cell["scope"] = "colgroup" if span(cell, "colspan") > 1 else "col"
        else:
            cell["scope"] = "rowgroup" if span(cell, "rowspan") > 1 else "row"


def raise_names(table: Tag) -> None:
    """Put what stands above the names of the rows beside the names of the columns, where that place is empty.

    pandas gives it a row of the head to itself.
    """
    head = [row for part in table.find_all("thead") for row in part.find_all("tr")]
    if len(head) < 2:
        return
    lines: dict[int, dict[int, Tag]] = {}
    for row, column, cell in placed(head):
        lines.setdefault(row, {})[column] = cell
    above, last = lines[len(head) - 2], lines[len(head) - 1]
    named = [column for column, cell in last.items() if text_of(cell)]
    if named != list(range(len(named))) or not 0 < len(named) < len(last):
        return
    places = [above.get(column) for column in named]
    if any(place is None or text_of(place) or span(place, "colspan") > 1 for place in places):
        return
    for column in named:
        above[column].replace_with(last[column].extract())
    head[-1].decompose()


@dataclass(frozen=True)
class Grid:
    """Where the cells of a table stand: worked out once, and as true when their text has changed.

    Parameters
    ----------
    head, body : list of Tag
        The rows.
    above : list of (int, Tag)
        The cells of the head, each with its first column.
    columns : dict
        The cells of each column of the body.
    """

    head: list[Tag]
    body: list[Tag]
    above: list[tuple[int, Tag]]
    columns: dict[int, list[Tag]]

    @classmethod
    def of(cls, table: Tag) -> Self:
        """Work out where the cells of a table stand."""
        head, body = (
            [row for part in table.find_all(name) for row in part.find_all("tr")]
            for name in ("thead", "tbody")
        )
        columns: dict[int, list[Tag]] = {}
        for _, column, cell in placed(body):
            columns.setdefault(column, []).append(cell)
        return cls(head, body, [(column, cell) for _, column, cell in placed(head)], columns)


def fractions(cells: list[Tag]) -> list[str] | None:
    """Return what stands behind the points of some cells, if all that say something are whole numbers.

    Nothing but zeros and ones is no sign of counting: shares and R-hats are such numbers, too.
    """
    found = [PLAIN.fullmatch(text) for text in map(text_of, cells) if text not in MISSING]
    numbers = [match for match in found if match]
    if len(numbers) < len(found) or any((match[1] or "").strip("0") for match in numbers):
        return None
    if all(match[0].lstrip("-+").split(".")[0] in ("0", "1") for match in numbers):
        return None
    return [match[1] or "" for match in numbers]


def one_zero(zeros: list[str] | None) -> TypeGuard[list[str]]:
    """Whether numbers have the one zero, or none, that pandas writes behind the point of whole ones."""
    return zeros is not None and "0" in zeros and set(zeros) <= {"", "0"}


def without_fraction(cells: list[Tag]) -> None:
    """Write whole numbers without a point."""
    for cell in cells:
        cell.string = text_of(cell).split(".")[0]


def whole_numbers(grid: Grid) -> None:
    """Take the ".0" from numbers that are whole in their whole column, or row, or table.

    Only in what pandas wrote by itself: who gives a format means it. A column of floats has one zero then. In
    a table that was turned over, the rows are what is counted, and each column has the decimals of its longest.
    """
    names = {column: text_of(cell) for column, cell in grid.above}
    data = [cell for row in grid.body for cell in row.find_all("td")]
    everywhere = len(data) >= ENOUGH and one_zero(fractions(data))
    for column, cells in grid.columns.items():
        zeros = fractions(cells)
        enough = 2 if cells[0].name == "th" else ENOUGH
        if one_zero(zeros) and (everywhere or names.get(column) in COUNTED or len(zeros) >= enough):
            without_fraction(cells)
    for row in grid.body:
        cells = row.find_all("td")
        zeros = fractions(cells)
        if not zeros:
            continue
        counted = bool(COUNTED & {text_of(cell) for cell in row.find_all("th")})
        rounded = min(map(len, zeros)) < 2 and len(zeros) < ENOUGH_IN_A_ROW
        if counted or (len(zeros) >= ENOUGH and not rounded):
            without_fraction(cells)
    for row in grid.head:
        cells = [cell for cell in row.find_all("th") if PLAIN.fullmatch(text_of(cell))]
        if len(cells) > 1 and fractions(cells):
            without_fraction(cells)
        elif all(len(text_of(cell).partition(".")[2]) > ENOUGH for cell in cells):
            for cell in cells:  # 3.000000 beside 0.000001
                cell.string = text_of(cell).rstrip("0").rstrip(".")


def name_what_is_missing(soup: BeautifulSoup, grid: Grid) -> None:
    """Give each cell of the body without a value the same sign, which has a name for who hears it."""
    for cell in [cell for cells in grid.columns.values() for cell in cells]:
        text = text_of(cell)
        if text in MISSING and (text or cell.name == "td") and not cell.find("img"):
            sign = soup.new_tag("span", attrs={"role": "img", "aria-label": "no value"})
            sign.string = NOTHING
            cell.clear()
            cell.append(sign)


def tidy_text(table: Tag) -> None:
    """Write the numbers of all cells as a book does, where they are no code."""
    for cell in table.find_all(["td", "th"]):
        if cell.string is not None:  # companion's tables bring padding of their own
            rewrite(cell, lambda text: in_a_cell(spaced(text.strip())))
        else:
            rewrite(cell, lambda text: in_a_cell(spaced(text)))


def keep_words_together(soup: BeautifulSoup, grid: Grid) -> None:
    """Let no line of a cell break behind the hyphen of R-hat, and none of a short one with a number, as 254 ± 7."""
    words = [cell for _, cell in grid.above]
    for cell in [cell for cells in grid.columns.values() for cell in cells]:
        text = text_of(cell)
        if cell.name == "td" and len(text) <= LONG and re.search(r"\d", text):
            if " " in text:
                add_class(cell, CLASS)
        elif not NUMBER.fullmatch(text):
            words.append(cell)
    for text in [text for cell in words for text in cell.find_all(string=True)]:
        if not HYPHENED.search(text):
            continue
        for part, whole in parts(text, HYPHENED):
            if whole:
                word = soup.new_tag("span", attrs={"class": CLASS})
                word.string = part
                text.insert_before(word)
            else:
                text.insert_before(part)
        text.extract()


def mark_row_names(grid: Grid) -> None:
    """Mark the columns that only name rows, two at most, with what stands above them: they stay when others scroll."""
    stubs: list[int] = []
    for column, cells in sorted(grid.columns.items())[:2]:
        if column > len(stubs) or any(cell.name != "th" for cell in cells):
            break
        stubs.append(column)
    below = [(column, cell) for column in stubs for cell in grid.columns[column]]
    for column, cell in grid.above + below:
        if column in stubs and span(cell, "colspan") == 1:
            add_class(cell, "row-name" if column == 0 else "row-name-2")


def align(grid: Grid) -> None:
    """Mark the columns of words, and how much is missing to the right of numbers with fewer decimals.

    A column is one of words if fewer than half of its cells have a number, cells apart in which none was to be had.
    """
    words = set()
    for column, cells in grid.columns.items():
        texts = ["" if text in MISSING else text for text in map(text_of, cells)]
        other = [bool(text) and not NUMBER.fullmatch(text) for text in texts]
        for cell in (cell for cell, is_other in zip(cells, other, strict=True) if is_other):
            add_class(cell, "phrase")
            if cell.name == "th" and len(text_of(cell)) > LONG:
                add_class(cell, "long")
        said = [
            is_other
            for text, is_other in zip(texts, other, strict=True)
            if text and text not in NOT_TO_BE_HAD
        ]
        if sum(said) > len(said) / 2:
            words.add(column)
            for cell in cells:
                add_class(cell, "words")
            continue
        decimals = [match and len(match[1] or "") for match in map(PLAIN.fullmatch, texts)]
        most = max((count for count in decimals if count), default=0)
        for cell, count in zip(cells, decimals, strict=True):
            if count is not None and count < most:
                cell["style"] = f"--missing: {most - count + (0 if count else POINT):g}ch"
    for column, cell in grid.above:
        if span(cell, "colspan") > 1:
            add_class(cell, "over-several")
        elif column in words:
            add_class(cell, "words")


def readable(html: str) -> str:
    """Return the HTML of an output, with readable tables.

    Parameters
    ----------
    html : str
        What a cell printed, with any number of tables in it.

    Returns
    -------
    str
        The same tables, each in a `div.table-scroll`.
    """
    soup = BeautifulSoup(html, "html.parser")
    for style in soup.find_all("style"):
        if style.has_attr("scoped") or not style.get_text(strip=True):
            style.decompose()
    for table in soup.find_all("table"):
        if table.find_parent("table"):
            continue
        raise_names(table)
        grid = Grid.of(table)
        if "dataframe" in classes_of(table):
            whole_numbers(grid)
        tidy_text(table)
        keep_words_together(soup, grid)
        name_what_is_missing(soup, grid)
        del table["border"]
        for cell in table.find_all(["tr", "th", "td"]):
            for name in ("halign", "valign", "style"):
                del cell[name]
        name_headers(soup, table)
        align(grid)
        mark_row_names(grid)
        # The theme has rules of its own for pandas, which leave out what its Styler writes.
        others = [name for name in classes_of(table) if name != "dataframe"]
        set_classes(table, [*others, "data-table"])
        table.wrap(soup.new_tag("div", attrs={"class": "table-scroll"}))
    return str(soup)


class ReadableTables(SphinxPostTransform):
    """Do so in all outputs, once MyST-NB has chosen which form of each is shown."""

    default_priority = 210
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Run over one document."""
        for node in self.document.findall(nodes.raw):
            if "html" in node.get("format", "").split() and "<table" in node.astext():
                shown = nodes.raw("", readable(node.astext()), format="html")
                node.replace_self(shown)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_post_transform(ReadableTables)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
