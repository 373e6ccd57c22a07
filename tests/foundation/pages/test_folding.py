"""Constant parts of templates become text when they are read; what depends on anything stays."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.template import Context, Engine, Template
from django.template.base import NodeList, TextNode
from django.template.loader import get_template

from revops.foundation.pages.folding import Loader, branches_of, fold

LOAD = "{% load i18n portal static %}"
CONSTANT = [
    'a {% translate "Save & go" %} b',
    '{% translate "50 % of it" %}',
    '{% icon "check" class="icon-sm" %}',
    '{% badge "New" "good" "check" %}',
    '<img src="{% static "img/mark.svg" %}">',
]
DEPENDING = [
    "{% translate word %}",
    '{% translate "Save" as word %}{{ word }}',
    '{% translate "Save"|upper %}',
    "{% icon name %}",
    '{% badge "New" tone %}',
    '{% badge "New" as word %}{{ word }}',
    "{% moment None %}",
]
VALUES = {"word": "<b>", "name": "x", "tone": "bad", "yes": True, "rows": [1, 2]}


def read(text: str) -> Template:
    template = Template(f"{LOAD}{text}")
    fold(template.nodelist)
    return template


def texts(nodes: NodeList) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, TextNode):
            yield node.s
        for inside in branches_of(node):
            yield from texts(inside)


@pytest.fixture(autouse=True)
def one_language(settings: Any) -> None:
    settings.USE_I18N = False


@pytest.mark.parametrize("text", CONSTANT)
def test_what_is_constant_becomes_one_text_that_reads_the_same(text: str) -> None:
    folded = read(text)
    assert [type(node) for node in folded.nodelist if not isinstance(node, TextNode)] == [type(folded.nodelist[0])]
    assert len(folded.nodelist) == 2
    assert folded.render(Context(VALUES)) == Template(f"{LOAD}{text}").render(Context(VALUES))


@pytest.mark.parametrize("text", DEPENDING)
def test_what_depends_on_anything_stays(text: str) -> None:
    folded, plain = read(text), Template(f"{LOAD}{text}")
    assert list(map(type, folded.nodelist)) == list(map(type, plain.nodelist))
    assert folded.render(Context(VALUES)) == plain.render(Context(VALUES))


@pytest.mark.parametrize(
    "around",
    [
        "{{% if yes %}}{}{{% else %}}no{{% endif %}}",
        "{{% for row in rows %}}{}{{% empty %}}no{{% endfor %}}",
        "{{% block content %}}{}{{% endblock %}}",
        "{{% with a=1 %}}{}{{% endwith %}}",
        '{{% card title="T" %}}{}{{% endcard %}}',
    ],
)
def test_constants_inside_blocks_branches_and_components_are_found(around: str) -> None:
    text = around.format('{% icon "check" %}{% translate "Save" %}')
    folded, plain = read(text), Template(f"{LOAD}{text}")
    assert folded.render(Context(VALUES)) == plain.render(Context(VALUES))
    assert 'class="icon"' in "".join(texts(folded.nodelist))


def test_words_are_looked_up_for_each_page_where_there_are_several_languages(settings: Any) -> None:
    settings.USE_I18N = True
    folded = read('{% translate "Save" %}{% icon "check" %}{% badge _("New") %}')
    assert [type(node).__name__ for node in folded.nodelist][1:] == ["TranslateNode", "TextNode", "SimpleNode"]


def test_templates_of_files_are_folded_once_and_kept() -> None:
    engine = Engine.get_default()
    (loader,) = engine.template_loaders
    assert isinstance(loader, Loader)
    base = get_template("base.html").template  # type: ignore[attr-defined]
    assert base is loader.get_template("base.html")
    assert "data-icons=" in "".join(node.s for node in base.nodelist.get_nodes_by_type(TextNode))
