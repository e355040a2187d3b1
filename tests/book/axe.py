"""axe-core on an open page, in every look that it can have, without asking the same question twice.

axe judges whatever it finds once for each look. Most of that is the same question again, so

- same colors, size and weight on the same ground are the same contrast. A few texts stand for all that are
  painted alike, in any look, so a fault of colors is said once;
- the other rules read the markup and where things are. Colors change neither, so of a dark page they are asked only
  about elements that the light one does not have, or has in other places: pictures of which each theme has its own;
- words of code and parts of formulas that no rule can find anything in are taken away before.
"""

from importlib import resources

AXE = (resources.files("pytest_playwright_axe") / "resources" / "axe.min.js").read_text()
WIDTHS = 1440, 390
# Rules whose verdict depends on colors.
OF_COLORS = ["color-contrast", "link-in-text-block"]

SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
AT_ONCE = "*, ::before, ::after { transition: none !important; }"

# Mark texts that stand for all that are painted in a way that was not seen before. What is positioned or
# transformed may lie on what it does not stand in: texts there that have no ground of their own stand for
# themselves, in each look.
MARK = """(look) => {
    const page = window.axeBook ??= {seen: new Set(), places: new Map()};
    const place = (one) => page.places.get(one) ?? page.places.set(one, page.places.size).get(one);
    const grounds = new Map([[null, {effects: "", colors: ""}]]);
    const ground = (one) => {
        if (!grounds.has(one)) {
            const style = getComputedStyle(one), below = ground(one.parentElement);
            const effects = [style.opacity, style.filter, style.mixBlendMode].join();
            const color = style.backgroundColor, image = style.backgroundImage;
            const free = !["static", "relative"].includes(style.position) || style.transform !== "none";
            // Formulas for screen readers have a size of one pixel.
            const where = free && !one.matches("mjx-assistive-mml") ? `${look} ${place(one)};` : "";
            grounds.set(one, {
                effects: below.effects + (effects === "1,none,normal" ? "" : effects + ";"),
                colors: (color.startsWith("rgb(") ? "" : below.colors + where)
                    + (color === "rgba(0, 0, 0, 0)" ? "" : color + ";") + (image === "none" ? "" : image + ";"),
            });
        }
        return grounds.get(one);
    };
    // How a link is told from the text that it stands in.
    const told = (link) => [link, link.parentElement].map((one) => {
        const style = getComputedStyle(one);
        return [style.color, style.fontWeight, style.fontStyle, style.fontSize, style.textDecorationLine,
            style.borderBottom, style.display].join();
    }).join();
    const alike = new Map();
    for (const one of document.querySelectorAll("body *")) {
        const control = one.matches("input, select, textarea, button");
        const text = [...one.childNodes].map((node) => node.nodeType === Node.TEXT_NODE ? node.data.trim() : "").join("");
        if (!text && !control) continue;
        const style = getComputedStyle(one), {effects, colors} = ground(one);
        const key = [
            effects, colors, style.color, style.fill, style.fontSize, style.fontWeight, style.textShadow,
            // axe is not sure of a single letter, and does not look at signs, nor at what cannot be used.
            text.length > 1 && /[\\p{L}\\p{N}]/u.test(text), one.checkVisibility({visibilityProperty: true}),
            control && `${one.localName} ${one.type}`, one.closest(":disabled, [aria-disabled=true]") !== null,
            one.closest("label")?.control?.disabled, one.matches("a[href]") && told(one),
        ].join("|");
        if (!alike.has(key)) alike.set(key, []);
        alike.get(key).push(one);
    }
    for (const [key, texts] of alike) {
        if (page.seen.has(key)) continue;
        page.seen.add(key);
        for (const part of [0, 0.25, 0.5, 0.75, 1]) {
            const one = texts[Math.round(part * (texts.length - 1))];
            one.dataset.look = `${one.dataset.look ?? ""} ${look}`;
        }
    }
}"""

# Words of code that have a class and nothing else become text of their line. Parts of formulas that say nothing
# to anybody but eyes, and to these without any text, leave a box of their size.
TAKE_AWAY = """() => {
    for (const word of document.querySelectorAll(".highlight pre span:not([data-look]):not(:has(*))")) {
        if (word.getAttributeNames().join() === "class") word.replaceWith(word.textContent);
    }
    for (const pre of document.querySelectorAll(".highlight pre")) pre.normalize();
    const boxes = [...document.querySelectorAll("mjx-container > mjx-math[aria-hidden=true]")].filter((one) =>
        !one.textContent && ![...one.querySelectorAll("*")].some((part) => part.tabIndex >= 0
            || part.getAttributeNames().some((name) => /^(role|id|title|lang|alt|href|tabindex|aria-.*)$/.test(name))
            || part.getAttribute("style")?.includes("!important"))
    ).map((one) => [one, one.getBoundingClientRect()]);
    for (const [one, box] of boxes) {
        one.style.cssText += `; display: inline-block; width: ${box.width}px; height: ${box.height}px;`;
        one.replaceChildren();
    }
}"""

# Remember what rules that know no color could see: the elements, what is written on them, and where they are beside
# their neighbors. Asked for the second time in a window of some width, mark the elements that are not as they were,
# and count them. What only holds others is as high as they are, and a taller picture moves all that follows: neither is
# a difference.
COMPARE = """(width) => {
    const boxes = new Map();
    const box = (one) => boxes.get(one) ?? boxes.set(one, one.getBoundingClientRect()).get(one);
    const place = (one) => {
        const {x, y, width, height} = box(one);
        if (!width && !height) return [];
        let neighbor = one.previousElementSibling;
        while (neighbor && !box(neighbor).height) neighbor = neighbor.previousElementSibling;
        const other = box(neighbor ?? one.parentElement);
        const own = !one.childElementCount || one.matches("a, button, input, select, textarea, label, summary, [tabindex]");
        return [x - other.x, y - (neighbor ? other.bottom : other.y), width, own ? height : 0];
    };
    const shape = (one) => [
        ...one.getAttributeNames().filter((name) => !["data-look", "data-differs"].includes(name))
            .map((name) => `${name}=${one.getAttribute(name)}`),
        one.checkVisibility({visibilityProperty: true}), ...place(one).map((pixels) => pixels.toFixed(1)),
    ].join(" ");
    const shapes = new Map([...document.body.querySelectorAll("*")].map((one) => [one, shape(one)]));
    const before = (window.axeBook.shapes ??= new Map()).get(width);
    window.axeBook.shapes.set(width, shapes);
    const other = before ? [...shapes.keys()].filter((one) => before.get(one) !== shapes.get(one)) : [];
    for (const one of other) one.dataset.differs = `${one.dataset.differs ?? ""} ${width}`;
    return other.length;
}"""

# Leave the marked texts of the article and what they stand in: in a copy, as scripts hold on to what they found.
LEAVE_MARKED = """() => {
    const article = document.querySelector("article");
    const copy = article.cloneNode(true);
    for (const one of copy.querySelectorAll(":not([data-look]):not(:has([data-look]))")) one.remove();
    article.replaceWith(copy);
}"""

# Ask about a part of the page: all of it, or the elements that a selector finds.
RUN = """async ([look, part, rules]) => {
    axe.configure({rules: [{id: "color-contrast", selector: `[data-look~="${look}"]`}]});
    const found = await axe.run(part ?? document, {
        resultTypes: ["violations"],
        preload: false,  // it would ask for files, which a page in a folder may not
        ...rules,
    });
    return found.violations.flatMap((rule) => rule.nodes.map((node) =>
        `${rule.id} (${rule.impact}): ${node.target.join(" ")}: ${node.html.slice(0, 120)}: `
        + [...node.any, ...node.all, ...node.none].map((check) => check.message).join("; ")));
}"""
EVERYTHING = {"rules": {"target-size": {"enabled": True}}}  # WCAG 2.2, and off unless asked for
COLORS = {"runOnly": OF_COLORS}
ALL_BUT_COLORS = {"rules": EVERYTHING["rules"] | {rule: {"enabled": False} for rule in OF_COLORS}}


def show(page, scheme, width):
    """Give a page one of its looks, and return its name."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate(SETTLED)
    return f"{scheme}-{width}"


def violations(page):
    """Return all that axe finds on a page, light and dark, wide and narrow; the page is of no use afterwards."""
    page.evaluate(AXE)
    page.add_style_tag(content=AT_ONCE)
    for scheme in ("light", "dark"):
        page.evaluate(MARK, show(page, scheme, WIDTHS[0]))
    page.evaluate(TAKE_AWAY)
    found = []

    def ask(look, rules, part=None):
        found.extend(f"{look}: {line}" for line in page.evaluate(RUN, [look, part, rules]))

    for width in WIDTHS:
        look = show(page, "light", width)
        page.evaluate(MARK, look)
        page.evaluate(COMPARE, width)
        ask(look, EVERYTHING)
        look = show(page, "dark", width)
        page.evaluate(MARK, look)
        if page.evaluate(COMPARE, width):
            ask(look, ALL_BUT_COLORS, f'[data-differs~="{width}"]')
    page.evaluate(LEAVE_MARKED)
    for width in WIDTHS:
        ask(show(page, "dark", width), COLORS)
    return found
