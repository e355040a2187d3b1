"""The book to hand on: an archive that opens from a folder, and pages bound as one document."""

import zipfile

from course import ROOT
import publish
from pypdf import PdfReader
import pytest

FEW = ["references", "chapters/03-first-models", "exercises/03-first-models"]


@pytest.fixture(scope="module")
def bound(book, browser, tmp_path_factory):
    """Print and bind a few pages, in the order of the book."""
    target = tmp_path_factory.mktemp("bound") / "few.pdf"
    names = [name for name in publish.rendered(book) if name in FEW]
    return names, publish.bind(browser, book, target, names), PdfReader(target)


def text_of(document, sheet):
    return " ".join(document.pages[sheet].extract_text().split())


def marks(document, level=0, items=None):
    """Yield the level, title and sheet of each bookmark."""
    for item in document.outline if items is None else items:
        if isinstance(item, list):
            yield from marks(document, level + 1, item)
        else:
            yield level, item.title, document.get_destination_page_number(item)


def test_contents_numbers_and_bookmarks_agree(bound):
    names, sheets, document = bound
    assert len(document.pages) == sheets > len(names)
    contents = text_of(document, 0)
    found = list(marks(document))
    tops = [(level, title, sheet) for level, title, sheet in found if title in contents]
    assert [title for _, title, _ in tops] == [
        "03 · First models", "03 · Exercises: First models", "References",
    ]  # fmt: skip
    assert [level for level, _, _ in tops] == [0, 1, 0]
    for _, title, sheet in tops:
        words = title.split("· ")[-1]
        assert f"{title} {sheet + 1}" in contents
        assert words in text_of(document, sheet)
        assert text_of(document, sheet).endswith(f" {sheet + 1}")
    assert len(found) > len(tops) + 3  # sections


def test_both_languages_are_printed_and_mathematics_is_typeset(bound):
    _, _, document = bound
    text = " ".join(page.extract_text() for page in document.pages)
    assert "pm.Model()" in text and "tfd.JointDistributionCoroutineAutoBatched" in text
    assert "\\(" not in text and "\\sigma" not in text


def test_links_lead_to_sheets_or_to_the_network_and_never_to_a_file(bound):
    _, _, document = bound
    inside = outside = 0
    for page in document.pages:
        for note in (each.get_object() for each in page.get("/Annots", [])):
            if "/A" in note:
                outside += 1
                assert str(note["/A"]["/URI"]).startswith("https://")
            elif note["/Subtype"] == "/Link":
                inside += 1
                assert note["/Dest"][0].get_object() in document.pages
    assert inside > 10 and outside > 10


def test_the_archive_is_the_book_in_one_folder_and_the_same_each_time(book, tmp_path):
    first, second = tmp_path / "first.zip", tmp_path / "second.zip"
    count = publish.pack(book, first)
    publish.pack(book, second)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path)
    assert len(names) == count and {name.split("/")[0] for name in names} == {publish.NAME}
    own = {path.relative_to(book).as_posix() for path in book.rglob("*") if path.is_file()}
    unpacked = {name.partition("/")[2] for name in names}
    assert own - unpacked <= publish.LEFT_OUT and not unpacked - own
    assert (tmp_path / publish.NAME / "index.html").read_bytes() == (
        book / "index.html"
    ).read_bytes()


def test_a_book_that_names_the_builders_folder_is_not_published(tmp_path):
    (tmp_path / "page.html").write_text(f"<p>{ROOT}/chapters</p>")
    with pytest.raises(publish.Unfit, match="page.html names the folder"):
        publish.pack(tmp_path, tmp_path / "book.zip")


def test_what_is_not_rendered_is_not_published(tmp_path):
    with pytest.raises(publish.Unfit, match="index is not rendered"):
        publish.rendered(tmp_path)
