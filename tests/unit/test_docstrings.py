"""What appendix D makes of docstrings."""

import docstrings


def test_arguments_with_one_explanation_share_it():
    lines = [
        ":param coords: Names,",
        "               and values.",
        ":type coords: mapping",
        ":param dims: Names,",
        "             and values.",
        ":type dims: mapping",
        ":param seed: A seed.",
        "",
    ]
    shown = [
        line.replace(docstrings.SPACE, " ").strip() for line in docstrings.names_together(lines)
    ]
    assert shown == [
        ":param coords, dims: Names,",
        "and values.",
        ":type coords, dims: mapping",
        ":param seed: A seed.",
        "",
    ]


def test_a_property_keeps_the_beginning_of_its_sentence():
    lines = ["higher is better.", "", ":type: Expected log density"]
    assert docstrings.whole_sentence(lines)[0] == "Expected log density: higher is better."
    assert docstrings.whole_sentence(["A sentence."]) == ["A sentence."]


def test_two_attributes_are_no_type_and_name_and_code_is_code():
    lines = [":ivar mean, sd: Moments."]
    docstrings.as_meant(None, "class", "", None, None, lines)
    assert " " not in lines[0].split(":")[1].removeprefix("ivar ")
    lines = ["Exercises.", "", "    from a import b", ""]
    docstrings.as_meant(None, "module", "", None, None, lines)
    assert lines[2:5] == ["::", "", "    from a import b"]
    said = ["Exercises::", "", "    from a import b", "    b()", ""]
    lines = list(said)
    docstrings.as_meant(None, "module", "", None, None, lines)
    assert lines == said  # its author has said so already
