"""Tables, icons, styles and percent signs, as the book's own extensions leave them."""

from importlib import import_module, resources
import inspect
import re
from types import SimpleNamespace
from unittest.mock import MagicMock

from bs4 import BeautifulSoup
import code_lines
from course import ROOT
import data_tables
from docutils import nodes
import kept_together
import light_assets
import number_signs
import page_contents
import page_markup
import pydata_sphinx_theme
import pytest
import row_cards
import tinycss2
import yaml

FRAME = """<style scoped>th { color: red }</style><table border="1" class="dataframe"><thead>
<tr><th></th><th colspan="2" halign="left">PyMC</th><th>note</th></tr>
<tr><th>name</th><th>mean</th><th>sd</th><th></th></tr></thead><tbody>
<tr><th>mu</th><td>1.25</td><td>7</td><td>fine</td></tr>
<tr><th>tau</th><td>-0.5</td><td>nan</td><td></td></tr>
<tr><th>nu</th><td>12</td><td>R-hat</td><td>slow</td></tr></tbody></table>"""


@pytest.fixture
def table():
    page = BeautifulSoup(data_tables.readable(FRAME), "html.parser")
    assert not page.find("style")
    assert page.find("div", class_="table-scroll").table is page.table
    return page.table


def cells(table, *names):
    return [cell.get_text() for cell in table.find_all(names)]


@pytest.mark.parametrize(
    ("style", "stays"),
    [
        ("<style scoped>a { }</style>", False),
        ("<style> </style>", False),
        ("<style>a { }</style>", True),
    ],
)
def test_styles_that_pandas_writes_and_empty_ones_go(style, stays):
    page = BeautifulSoup(data_tables.readable(f"{style}<table></table>"), "html.parser")
    assert bool(page.find("style")) is stays


def test_headers_say_what_they_head_and_empty_ones_are_none(table):
    scopes = {cell.get_text(): cell["scope"] for cell in table.find_all("th")}
    assert scopes == {
        "PyMC": "colgroup", "note": "col", "name": "col", "mean": "col", "sd": "col",
        "mu": "row", "tau": "row", "nu": "row",
    }  # fmt: skip
    assert "over-several" in table.find("th", string="PyMC")["class"]


def test_words_and_numbers_are_told_apart_column_by_column(table):
    words = {cell.get_text() for cell in table.select("tbody .words")}
    assert words == {"mu", "tau", "nu", "fine", "–", "slow"}
    assert [cell.get_text() for cell in table.select("thead .words")] == ["", "note", "name", ""]
    assert table.find("td", string="R-hat")["class"] == ["phrase"]


def test_a_number_that_was_not_recorded_makes_no_column_one_of_words():
    frame = FRAME.replace(">1.25<", ">not recorded<").replace(">-0.5<", ">not recorded<")
    page = BeautifulSoup(data_tables.readable(frame.replace(">12<", ">1,012<")), "html.parser")
    assert "words" not in page.find("td", string="1,012").get("class", [])
    assert page.find("td", string="not recorded")["class"] == ["phrase"]


def test_only_the_name_of_a_row_is_long_and_only_from_17_letters_on():
    frame = FRAME
    for old, letters in (("mu", 17), ("tau", 16), ("slow", 17)):
        frame = frame.replace(f">{old}<", f">{old[0] * letters}<")
    page = BeautifulSoup(data_tables.readable(frame), "html.parser")
    assert [cell.get_text() for cell in page.select(".long")] == ["m" * 17]


def test_padding_goes_and_spaces_between_the_words_of_a_cell_stay():
    frame = FRAME.replace(">fine<", "> fine <").replace(">slow<", ">so <b>very</b> slow<")
    page = BeautifulSoup(data_tables.readable(frame), "html.parser")
    last = [row.find_all("td")[-1].get_text() for row in page.tbody.find_all("tr")]
    assert last[0] == "fine" and last[2] == "so very slow"


def test_decimal_points_stand_below_each_other(table):
    missing = {cell.get_text(): cell.get("style") for cell in table.select("tbody td")}
    assert missing["1.25"] is None
    assert missing["−0.5"] == "--missing: 1ch"
    assert missing["12"] == "--missing: 2.28ch"
    assert missing["7"] is None  # no number in its column has decimals


def test_cells_that_span_rows_push_those_beside_them():
    rows = BeautifulSoup(
        "<tr><th rowspan='2'>a</th><td>1</td></tr><tr><td>2</td></tr>", "html.parser"
    ).find_all("tr")
    places = [(row, column, cell.get_text()) for row, column, cell in data_tables.placed(rows)]
    assert places == [(0, 0, "a"), (0, 1, "1"), (1, 1, "2")]


def shown(head, *rows, of="dataframe"):
    """Return the rows of a table that pandas wrote, as they are shown."""
    lines = [
        "<tr>" + f"<th>{row[0]}</th>" + "".join(f"<td>{cell}</td>" for cell in row[1:]) + "</tr>"
        for row in rows
    ]
    names = "".join(f"<th>{name}</th>" for name in head)
    html = f'<table class="{of}"><thead><tr>{names}</tr></thead><tbody>{"".join(lines)}</tbody></table>'
    page = BeautifulSoup(data_tables.readable(html), "html.parser")
    return [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in page.find_all("tr")]


def test_whole_numbers_of_a_column_have_no_point():
    rows = [["a", "27.0", "1.0", "6.9"], ["b", "27.0", "1.0", "7.0"], ["c", "2.0", "0.0", "2.0"]]
    head = ["", "draws", "share", "cost"]
    assert shown(head, *rows)[1:] == [
        ["a", "27", "1.0", "6.9"], ["b", "27", "1.0", "7.0"], ["c", "2", "0.0", "2.0"],
    ]  # fmt: skip
    assert shown(head, *rows, of="styled")[1:] == rows  # who gives a format means it


def test_two_whole_numbers_may_be_so_by_chance_but_not_those_that_count():
    rows = [["a", "4.0", "-2.9"], ["b", "12.0", "3.5"]]
    assert [row[1] for row in shown(["", "mean", "x"], *rows)] == ["mean", "4.0", "12.0"]
    assert [row[1] for row in shown(["", "count", "x"], *rows)] == ["count", "4", "12"]


def test_whole_numbers_of_a_row_have_no_point_where_rows_are_what_is_counted():
    cells = [["pump", "5.00", "14.00", "22.0"], ["rate", "0.05", "0.11", "2.1"]]
    assert shown(["", "1", "2", "3"], *cells)[1][1:] == ["5.00", "14.00", "22.0"]
    assert shown(["", "1", "2", "3"], ["pump", "5.00", "14.00", "22.00"], cells[1])[1][1:] == [
        "5", "14", "22",
    ]  # fmt: skip
    assert shown(["", "1", "2", "3"], ["count", "5.0", "14.0", "22.0"], cells[1])[1][1] == "5"


def test_headers_that_are_numbers_have_only_the_digits_that_they_need():
    assert shown(["s", "3.0", "5.0", "10.0"], ["a", "x", "y", "z"])[0] == ["s", "3", "5", "10"]
    assert shown(["t", "3.000000", "0.010000"], ["a", "x", "y"])[0] == ["t", "3", "0.01"]
    assert shown(["t", "0.03", "0.50"], ["a", "x", "y"])[0] == ["t", "0.03", "0.50"]


def test_no_line_of_a_header_breaks_behind_the_hyphen_of_a_short_prefix():
    html = "<table><thead><tr><th>largest R-hat</th><th>log-normal</th></tr></thead></table>"
    page = BeautifulSoup(data_tables.readable(html), "html.parser")
    assert [word.get_text() for word in page.select("th .together")] == ["R-hat"]
    assert page.th.get_text() == "largest R-hat"


def test_what_stands_above_the_names_of_the_rows_has_no_row_of_its_own():
    def head(first, second):
        html = f'<table class="dataframe"><thead><tr>{first}</tr><tr>{second}</tr></thead>'
        cells = "<tbody><tr><th>0</th><td>1</td></tr></tbody></table>"
        page = BeautifulSoup(data_tables.readable(html + cells), "html.parser")
        return [[cell.get_text() for cell in row(["th", "td"])] for row in page.thead("tr")]

    assert head("<th></th><th>x</th>", "<th>well</th><th></th>") == [["well", "x"]]
    assert head('<th class="blank">&nbsp;</th><th>x</th>', "<th>well</th><th>&nbsp;</th>") == [
        ["well", "x"]
    ]
    assert head("<th>places</th><th>2</th>", "<th>prior</th><th></th>") == [
        ["places", "2"], ["prior", ""],
    ]  # fmt: skip
    assert head("<th></th><th>PyMC</th>", "<th></th><th>mean</th>") == [
        ["", "PyMC"], ["", "mean"],
    ]  # fmt: skip


def test_no_line_of_a_short_cell_breaks():
    cells = "<td>254 ± 7</td><td>2.5</td><td>✗ R-hat, bulk ESS</td><td>12 of 25 wells or more</td>"
    html = f"<table><tbody><tr><th>a</th>{cells}</tr></tbody></table>"
    page = BeautifulSoup(data_tables.readable(html), "html.parser")
    assert [part.get_text() for part in page.select(".together")] == ["254 ± 7", "✗ R-hat"]


@pytest.mark.parametrize("nothing", ["", "NaN", "nan", "&lt;NA&gt;", "-", "—", "–"])
def test_what_is_missing_has_one_sign_with_a_name(nothing):
    html = f"<table><tbody><tr><th>a</th><td>{nothing}</td><td>-1</td></tr></tbody></table>"
    cell = BeautifulSoup(data_tables.readable(html), "html.parser").td
    assert cell.get_text() == "–"
    assert cell.span["role"] == "img" and cell.span["aria-label"] == "no value"


def test_cells_with_code_keep_their_hyphens():
    html = "<table><tr><td><code>x = -1</code></td><td>y[-1]</td><td><b>-1</b></td></tr></table>"
    page = BeautifulSoup(data_tables.readable(html), "html.parser")
    assert [cell.get_text() for cell in page("td")] == ["x = -1", "y[-1]", "−1"]


def test_names_of_rows_are_marked_two_columns_at_most():
    html = "<table><thead><tr><th>a</th><th>b</th><th>c</th><th>d</th></tr></thead><tbody>"
    html += "<tr><th rowspan='2'>k</th><th>l</th><th>m</th><td>1</td></tr>"
    html += "<tr><th>n</th><th>o</th><td>2</td></tr></tbody></table>"
    page = BeautifulSoup(data_tables.readable(html), "html.parser")
    assert [cell.get_text() for cell in page.select(".row-name")] == ["a", "k"]
    assert [cell.get_text() for cell in page.select(".row-name-2")] == ["b", "l", "n"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("-0.36", "−0.36"),
        ("-0.0", "0.0"),
        ("-0.00%", "0.00%"),
        ("-0.05", "−0.05"),
        ("-inf", "−inf"),
        ("from -20 to 120 (se -7.7)", "from −20 to 120 (se −7.7)"),
        ("1-6, 2026-03-04, R-hat, sub-01, 4E7, D4E1", "1-6, 2026-03-04, R-hat, sub-01, 4E7, D4E1"),
        ("4.4e-07", "4.4 × 10⁻⁷"),
        ("below 1e-9", "below 10⁻⁹"),
        ("times 1e+06", "times 10⁶"),
        ("10^925", "10⁹²⁵"),
        ("-5e-5", "−5 × 10⁻⁵"),
        ("sigma[-1]", "sigma[-1]"),
        ("scale=1e-3", "scale=1e-3"),
        ("eti89_lb -1", "eti89_lb -1"),
        ("[-0.0, 0.1, -0.1]", "[0.0, 0.1, −0.1]"),
        ("the state's share", "the state’s share"),
        ("x['state's']", "x['state's']"),
    ],
)
def test_numbers_of_cells_are_written_as_in_a_book(text, shown):
    assert number_signs.in_a_cell(text) == shown


def test_the_box_of_a_check_has_both_signs_but_in_its_code():
    box = '<div class="exercise-check passed"><p>It is -0.2, in 5% of <code>x[-1] % 2 - 5%</code>.</p></div>'
    seen = number_signs.in_a_box(box)
    assert "−0.2, in 5 % of <code>x[-1] % 2 - 5%</code>" in seen


@pytest.mark.parametrize(
    ("box", "shown"),
    [
        (
            'passed"><p>p is 6e-09.',
            "p is 6\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}10⁻⁹.",
        ),
        ("passed\"><p>It says 'no effect', and A's", "It says “no effect”, and A’s"),
        ("not-attempted-yet\"><p>('a' or 'b')", "(<code>'a'</code> or <code>'b'</code>)"),
        ("not-attempted-yet\"><p><code>f('a')</code>", "<code>f('a')</code>"),
    ],
)
def test_quotes_in_the_box_of_a_check_are_curled_or_code(box, shown):
    assert shown in number_signs.in_a_box(f'<div class="exercise-check {box}</p></div>')


@pytest.mark.parametrize(
    ("css", "left"),
    [
        (".used{a:b}", ".used{a:b}"),
        (".unused{a:b}", ""),
        (".used.unused, p .used{a:b}", "p .used{a:b}"),
        (".used:not(.unused){a:b}", ".used:not(.unused){a:b}"),
        ("@media print{.unused{a:b} p{c:d}}", "@media print{p{c:d}}"),
        ("@media print{.unused{a:b}}", ""),
        ("@keyframes x{from{a:b}}", "@keyframes x{from{a:b}}"),
        ('@font-face{font-family:"Font Awesome 6 Free"}', ""),
    ],
)
def test_only_rules_that_can_apply_are_left(css, left):
    parsed = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    assert "".join(light_assets.used_rules(parsed, {"used"})) == left


def test_a_sheet_that_is_written_again_is_cut_down_again_and_no_other(tmp_path):
    static = tmp_path / "_static"
    static.mkdir()
    (tmp_path / "page.html").write_text('<p class="used">text</p>')
    book = SimpleNamespace(builder=SimpleNamespace(format="html"), outdir=tmp_path)
    sheet, other = static / "mystnb.1.css", static / "pygments.css"
    for _ in range(2):  # a first build, and a later one
        sheet.write_text(".used{a:b}.unused{a:b}")
        light_assets.lighten(book, None)
        assert sheet.read_text() == light_assets.TRIMMED + ".used{a:b}"
    other.write_text(light_assets.TRIMMED + ".unused{a:b}")
    light_assets.lighten(book, None)
    assert other.read_text() == light_assets.TRIMMED + ".unused{a:b}"


def test_classes_come_from_pages_and_from_scripts(tmp_path):
    (tmp_path / "_static" / "mathjax").mkdir(parents=True)
    (tmp_path / "page.html").write_text('<p class="one two-three">text</p>')
    (tmp_path / "_static" / "a.js").write_text('element.classList.add("five")')
    (tmp_path / "_static" / "mathjax" / "b.js").write_text("six")
    words = light_assets.words_used(tmp_path)
    assert {"one", "two-three", "five"} <= words
    assert "six" not in words


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ('<summary aria-label="Toggle hidden content">', "<summary>"),
        ('<div role="doc-biblioentry">', '<div role="listitem">'),
        ('<th class="head"><p></p></th>', '<td class="head"></td>'),
        ('<th class="head"><p>a</p></th>', '<th class="head"><p>a</p></th>'),
        ('<i class="fa-solid fa-sun">', '<i aria-hidden="true" class="fa-solid fa-sun">'),
        ('<i class="fast">', '<i class="fast">'),
        (
            '<a class="x" href="y">03 First</a><details><summary><span class="toctree-toggle">',
            '<a class="x" href="y">03 First</a><details><summary aria-label="More of 03 First"><span class="toctree-toggle">',
        ),
    ],
)
def test_a_page_is_put_right_for_all_readers(wrong, right):
    assert page_markup.for_all_readers(wrong) == right


def test_the_head_loads_neither_icons_nor_the_index():
    head = '<script defer src="../_static/scripts/fontawesome.js?digest=5"></script><link x>'
    assert page_markup.light_head(head) == "<link x>"
    scripts = '<script src="../searchindex.js"></script><script src="book.js"></script>'
    assert page_markup.without_search_index(scripts) == '<script src="book.js"></script>'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("5% and 5 %", "5\N{NO-BREAK SPACE}% and 5\N{NO-BREAK SPACE}%"),
        ("a 7.5 %-level", "a 7.5\N{NO-BREAK SPACE}%-level"),
        ("x % 3, 5%d", "x % 3, 5%d"),
    ],
)
def test_percent_signs_stand_apart_on_the_same_line(text, shown):
    assert number_signs.spaced(text) == shown


def test_percent_signs_of_tables_stand_apart_too():
    html = (
        "<table><tr><th>25%</th><td>7.5%</td><td>cost 51% more</td><td><b>5%</b></td></tr></table>"
    )
    page = BeautifulSoup(data_tables.readable(html), "html.parser")
    shown = [
        cell.get_text().replace("\N{NO-BREAK SPACE}", "~") for cell in page.find_all(["th", "td"])
    ]
    assert shown == ["25~%", "7.5~%", "cost 51~% more", "5~%"]


BESIDE = """<ul class="current nav bd-sidenav"><li class="toctree-l1 has-children"><a class="reference internal"
href="../chapters/01-a.html">01</a><details><summary></summary><ul><li class="toctree-l2"><a class="reference internal"
href="01-a.html">Exercises</a></li></ul></details></li><li class="toctree-l1 current active has-children"><a
class="reference internal" href="../chapters/02-b.html">02</a><details open="open"><summary></summary><ul class="current"><li
class="toctree-l2 current active"><a class="current reference internal" href="#">Exercises</a></li></ul></details></li></ul>
<ul class="nav bd-sidenav"><li class="toctree-l1"><a class="reference internal" href="../references.html">References</a></li></ul>"""


def marked(html):
    """Return the links of contents, those of the current page and what it lies under, and what is open."""
    page = BeautifulSoup(html, "html.parser")
    links = [link["href"] for link in page("a")]
    current = [item.a["href"] for item in page("li", class_=["current", "active"])]
    return links, current, [details.parent.a["href"] for details in page("details", open=True)]


def test_the_contents_beside_one_page_become_those_beside_any_other():
    contents = page_contents.Contents(BESIDE, "exercises/02-b")
    assert marked(contents.beside("exercises/02-b")) == marked(BESIDE)
    links, current, unfolded = marked(contents.beside("chapters/01-a"))
    assert links == [
        "#",
        "../exercises/01-a.html",
        "02-b.html",
        "../exercises/02-b.html",
        "../references.html",
    ]
    assert current == ["#"] and unfolded == ["#"]
    links, current, unfolded = marked(contents.beside("references"))
    assert links[1] == "exercises/01-a.html" and current == ["#"] and unfolded == []
    assert marked(contents.beside("genindex"))[1:] == ([], [])
    assert "@" not in contents.beside("exercises/01-a")


def test_the_theme_does_not_make_the_contents_to_find_out_whether_they_are_empty():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    contents = config["sphinx"]["config"]["html_sidebars"]["**"][-1]
    asked = inspect.getsource(pydata_sphinx_theme.update_and_remove_templates)
    unasked = re.search(r"templates_skip_empty_check=\[(.*?)\]", asked)[1]
    assert any(contents.endswith(name) for name in re.findall(r'"(.*?)"', unasked))
    assert (ROOT / "_templates" / contents).exists()


def test_the_theme_does_not_ask_for_the_size_of_what_nobody_sees(tmp_path):
    theme = resources.files("pydata_sphinx_theme") / "theme" / "pydata_sphinx_theme" / "static"
    shipped = (theme / light_assets.THEME).read_text(encoding="utf-8")
    copy = tmp_path / light_assets.THEME
    copy.parent.mkdir()
    copy.write_text(shipped, encoding="utf-8")
    light_assets.quicken_theme(tmp_path)
    left = copy.read_text(encoding="utf-8")
    assert "scrollHeight>" in shipped and "scrollHeight>" not in left
    assert 0 < len(shipped) - len(left) < 120


def test_a_row_of_a_computed_table_can_be_a_card():
    head = "<thead><tr><th>item</th><th>run</th><th>why</th></tr></thead>"
    rows = "<tbody><tr><td>C1</td><td>made here</td><td></td></tr></tbody>"
    page = f'<div class="computed-table"><table class="table">{head}{rows}</table></div>'
    shown = BeautifulSoup(row_cards.as_cards(page), "html.parser")
    assert shown.table["class"] == ["table", "row-cards"] and shown.table["role"] == "table"
    assert [cell["scope"] for cell in shown.find_all("th")] == ["col", "col", "col", "row"]
    assert [cell["data-label"] for cell in shown.find_all("td")] == ["run", "why"]
    assert [cell.get("class") for cell in shown.find_all("td")] == [None, ["nothing"]]
    roles = [tag.get("role") for tag in shown.table.find_all(True)]
    assert roles == [
        "rowgroup", "row", *["columnheader"] * 3, "rowgroup", "row", "rowheader", "cell", "cell",
    ]  # fmt: skip


def test_no_other_table_is_a_list_of_cards():
    narrow = '<div class="computed-table"><table><tr><th>a</th><th>b</th></tr></table></div>'
    for page in ("<table><tr><th>a</th><th>b</th><th>c</th></tr></table>", narrow):
        assert "row-cards" not in row_cards.as_cards(page)


def test_a_long_line_of_code_says_where_it_starts_and_no_character_changes():
    long = "    " + "<span>x</span> &lt; " * 12 + "1"
    block = f"<div><pre><span></span>{long}\n\n    short\n{long.strip()}\n</pre></div>"
    shown = code_lines.in_lines(block)
    lines = BeautifulSoup(shown, "html.parser").select(".code-line")
    assert [line.get("style") for line in lines] == ["--starts: 4", None]
    assert all("\n" not in line.get_text() for line in lines)
    starts = BeautifulSoup(shown, "html.parser").select(".code-start")
    assert [start.get_text() for start in starts] == ["    "]
    texts = [BeautifulSoup(each, "html.parser").get_text() for each in (block, shown)]
    assert texts[0] == texts[1]


def test_words_with_one_letter_beside_a_hyphen_and_powers_are_kept_together():
    line = "R-hat, E-BFMI, Student-t: 1e-20; so-so x"
    whole = [part for part, kept in kept_together.parts(line) if kept]
    assert whole == ["R-hat", "E-BFMI", "Student-t", "1e-20"]
    text = "The R-hat of well-mixed chains"
    assert "".join(part for part, _ in kept_together.parts(text)) == text


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        ("if ", ", and", "x,"),
        ("(", ").", "(x)."),
        ("the ", "-th place", "x-th"),
        ("so ", "’s tail", "x’s"),
        ("and ", " is", None),
        ("and ", "%", "x%"),
    ],
)
def test_a_formula_keeps_the_marks_that_touch_it(before, after, kept):
    formula = nodes.math("", "x")
    paragraph = nodes.paragraph("", "", nodes.Text(before), formula, nodes.Text(after))
    kept_together.with_neighbors(formula)
    assert paragraph.astext() == f"{before}x{after}"
    inside = [each.astext() for each in paragraph.findall(nodes.inline)]
    assert inside == ([kept] if kept else [])


def test_no_extension_keeps_sphinx_from_using_all_cores():
    files = (ROOT / "_ext").glob("*.py")
    names = [path.stem for path in files if "def setup(" in path.read_text("utf-8")]
    assert len(names) > 30
    for name in names:
        said = import_module(name).setup(MagicMock())
        assert said["parallel_read_safe"] is True and said["parallel_write_safe"] is True, name
