"""The first page, and what it promises about the others: cards, the map, titles, the order of pages."""

import re

from cards import cards
from course import ROOT, pages, read
import pytest
from test_pages import soup

CARDS = cards()
HEAVIEST = 25_000  # bytes of a card's picture
CHAPTER = re.compile(r"(?:chapters|exercises|solutions)/(\d\d)-")


@pytest.fixture(scope="module")
def home(book):
    return soup(book / "index.html")


def bars(page):
    """Return what the bars of folded code in a page say, with the cells that they belong to."""
    return [
        (summary.select_one("p").get_text(), summary.find_parent("div", class_="cell"))
        for summary in page.select("details.hide.above-input > summary")
    ]


def test_each_chapter_has_a_card_with_question_minutes_needs_and_a_light_picture(book, home):
    items = home.select(".chapter-card")
    assert len(items) == len(CARDS)
    for card, item in zip(CARDS, items, strict=True):
        text = " ".join(item.get_text(" ").split())
        title = read(ROOT / f"chapters/{card.chapter}.ipynb").cells[0].source.partition("\n")[0]
        assert text.startswith(f"{card.number} {title.removeprefix('# ')}")
        assert card.question.replace("'", "’") in text
        cost = soup(book / f"chapters/{card.chapter}.html").select_one(".cost").get_text()
        assert f"{re.search(r'(\d+) minutes', cost)[1]} minutes" in text
        linked = [link["href"] for link in item.select("a")]
        assert linked[0] == f"chapters/{card.chapter}.html"
        assert [link[9:11] for link in linked[1:-1]] == list(card.needs)
        image = item.select_one("img")
        assert image["loading"] == "lazy" and image["width"] and image["height"]
        assert 500 < (book / image["src"]).stat().st_size <= HEAVIEST


def needed(by_number, number):
    """Return all that a chapter builds on, at once or by way of others."""
    own = by_number[number].needs
    return {*own, *(more for need in own for more in needed(by_number, need))}


def test_the_map_leads_to_every_chapter_in_pictures_and_in_words(home):
    drawn = home.select_one(".chapter-map svg")
    assert [link["data-page"] for link in drawn.select("a")] == [
        f"chapters/{card.chapter}" for card in CARDS
    ]
    by_number = {card.number: card for card in CARDS}
    further = {
        card.number: {more for need in card.needs for more in needed(by_number, need)}
        for card in CARDS
    }
    lines = [(need, card.number) for card in CARDS for need in card.needs]
    direct = [(need, number) for need, number in lines if need not in further[number]]
    assert len(drawn.select("path")) == len(direct) < len(lines)
    words = [item.get_text() for item in home.select(".chapter-map details li")]
    for card, said in zip(CARDS, words, strict=True):
        assert all(number in said.partition(":")[2] for number in card.needs)
    for link, card in zip(drawn.select("a"), CARDS, strict=True):
        assert link["aria-label"].startswith(card.number)


def test_boxes_of_the_map_do_not_overlap_and_lines_lead_down(home):
    drawn = home.select_one(".chapter-map svg")
    width = float(drawn["viewbox"].split()[2])
    boxes = [
        [float(box[key]) for key in ("x", "y", "width", "height")] for box in drawn.select("rect")
    ]
    for place, (x, y, wide, high) in enumerate(boxes):
        assert x >= 0
        assert x + wide <= width
        for other in boxes[:place]:
            assert abs(x - other[0]) >= wide or abs(y - other[1]) >= high
    for line in drawn.select("path"):
        numbers = [float(each) for each in re.findall(r"[\d.]+", line["d"])]
        assert numbers[-1] > numbers[1]


def test_a_chapter_leads_to_its_exercises_these_to_the_solution_and_that_to_the_next_chapter(book):
    order = []
    for card in CARDS:
        order += [f"{folder}/{card.chapter}" for folder in ("chapters", "exercises", "solutions")]
    for page, following in zip(order, order[1:], strict=False):
        link = soup(book / f"{page}.html").select_one("a.right-next")["href"]
        assert (book / f"{page}.html").parent.joinpath(link).resolve() == (
            book / f"{following}.html"
        ).resolve()


def test_exercises_and_solutions_stand_under_their_chapter_in_the_contents(home):
    for card in CARDS:
        link = home.select_one(f".toctree-l1 > a[href='chapters/{card.chapter}.html']")
        below = [each["href"] for each in link.parent.select(".toctree-l2 > a")]
        assert below == [f"{folder}/{card.chapter}.html" for folder in ("exercises", "solutions")]


@pytest.mark.parametrize("page", pages())
def test_a_title_has_its_number_and_a_page_its_description(book, page):
    whole = soup(book / f"{page}.html")
    number = CHAPTER.match(page)
    if number:
        assert whole.select_one("article h1").get_text().startswith(f"{number[1]} · ")
        assert whole.title.get_text().strip().startswith(f"{number[1]} · ")
    assert len(whole.select_one("meta[name=description]")["content"]) >= 20
    assert (book / page).parent.joinpath(whole.select_one("link[rel=icon]")["href"]).is_file()


@pytest.mark.parametrize("page", [card.chapter for card in CARDS])
def test_code_of_a_figure_says_its_number_and_setup_is_folded(book, page):
    whole = soup(book / f"chapters/{page}.html")
    found = bars(whole)
    assert found[0][0] == "Setup: imports and style"
    for said, cell in found[1:]:
        caption = cell.select_one(".cell_output figcaption")
        figure = caption and re.match(r"Figure \d+\.\d+", caption.get_text().strip())
        if figure:
            assert said == f"Code of {figure[0]}"
        else:
            assert said.startswith(("Code of the", "Code of what"))


@pytest.mark.parametrize("page", [card.chapter for card in CARDS])
def test_no_bar_without_an_output_stands_above_another_bar(book, page):
    for said, cell in bars(soup(book / f"chapters/{page}.html")):
        below = cell.find_next_sibling()
        while below is not None and str(below.get("id", "")).startswith("cell-"):
            below = below.find_next_sibling()
        if said == "Code of what follows":
            assert not (below and below.select_one(":scope > details.hide.above-input")), cell


def test_code_that_was_joined_is_all_there(book):
    shown = soup(book / "chapters/09-pooling.html")
    code = {
        cell.id: cell.source
        for cell in read(ROOT / "chapters/09-pooling.ipynb").cells
        if cell.id in ("forest-helper", "fig-food-forest")
    }
    caption = shown.find(id="fig-food-forest").find_parent("div", class_="cell")
    joined = [each.get_text().strip() for each in caption.select("details.hide pre")]
    assert joined == [source.strip() for source in code.values()]


@pytest.mark.parametrize("width", [320, 390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_cards_and_map_fit_and_can_be_read(window, book, width, scheme):
    page = window(width, color_scheme=scheme)
    page.goto((book / "index.html").as_uri())
    for part in (".chapter-cards", ".chapter-map", ".start-here"):
        box = page.locator(part).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
    text = page.locator(".chapter-map text.line").first
    assert text.evaluate("(one) => one.getBoundingClientRect().height") >= 9
    page.locator(".chapter-map a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/chapters/01-*")


def test_a_whole_card_leads_to_its_chapter(window, book):
    page = window()
    page.goto((book / "index.html").as_uri())
    page.locator(".chapter-card").nth(3).locator("img").click(force=True)
    page.wait_for_url(f"**/{CARDS[3].chapter}.html")
