"""Template tags and components: what they say, and that they escape what they are given."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.template import Context, Template
from django.test import RequestFactory

from revops.foundation.pages import nav
from revops.foundation.pages.words import about, countdown_state, duration_words
from revops.foundation.templatetags.portal import icon_names

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
NASTY = "<b>&</b>"


def shown(template: str, **values: object) -> str:
    return Template("{% load portal %}" + template).render(Context(values))


@pytest.mark.parametrize(
    ("count", "total", "words"),
    [(38, 112, "34\u202f%"), (3, 8, "3 of 8, too few to judge"), (0, 0, "none yet"), (None, None, "none yet")],
)
def test_a_rate_shows_its_denominator_or_says_that_it_is_too_few(count: int, total: int, words: str) -> None:
    assert words in shown("{% rate count total %}", count=count, total=total)


@pytest.mark.parametrize(
    ("change", "good", "tone", "sign"),
    [(6, "up", "good", "▲"), (-6, "up", "bad", "▼"), (-6, "down", "good", "▼"), (6, "neither", "flat", "▲")],
)
def test_a_change_has_a_sign_and_words_besides_its_colour(change: int, good: str, tone: str, sign: str) -> None:
    html = shown("{% delta change '%' good %}", change=change, good=good)
    assert f"delta-{tone}" in html
    assert sign in html
    assert ("up" if change > 0 else "down") in html


@pytest.mark.parametrize(
    ("unit", "words"), [("h", "1,200\u202fh"), ("€", "€\u202f1,200"), ("CHF", "CHF\u202f1,200"), ("", "1,200")]
)
def test_money_stands_before_its_amount(unit: str, words: str) -> None:
    assert f" {words}</span>" in shown("{% delta 1200 unit %}", unit=unit)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (982, "982"),
        (10_000, "10,000"),
        (48_210, "about 48,000"),
        (1_240_000, "about 1.2 million"),
        ("many", "many"),
        (None, ""),
    ],
)
def test_big_counts_are_said_roughly(number: object, words: str) -> None:
    assert about(number) == words


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (40, "40 s"),
        (60, "1 m"),
        (4320, "1 h 12 m"),
        (3600, "1 h"),
        (timedelta(days=3, hours=4), "3 d 4 h"),
        (-timedelta(hours=2), "2 h"),
        (None, ""),
    ],
)
def test_spans_are_said_in_two_units(span: object, words: str) -> None:
    assert duration_words(span) == words


@pytest.mark.parametrize(
    ("left", "whole", "state"),
    [
        (180, 240, "on_track"),
        (100, 240, "soon"),
        (23, 240, "urgent"),
        (14, 15, "urgent"),
        (-1, 240, "late"),
        (60, None, "on_track"),
    ],
)
def test_a_countdown_turns_from_on_track_to_late(left: int, whole: int | None, state: str) -> None:
    span = timedelta(minutes=whole) if whole else None
    assert countdown_state(timedelta(minutes=left), span) == state


def test_a_countdown_ticks_unless_its_clock_is_paused() -> None:
    due = NOW + timedelta(hours=5)
    assert "data-countdown" in shown("{% countdown due now=now %}", due=due, now=NOW)
    paused = shown("{% countdown due state='paused' words='paused' %}", due=due)
    assert "data-countdown" not in paused
    assert 'datetime="2026-03-04T15:00:00+00:00"' in paused


def test_cards_of_one_name_are_no_landmarks_that_a_reader_cannot_tell_apart() -> None:
    html = shown("{% card title=name %}a{% endcard %}{% card title=name %}b{% endcard %}", name="Ada Lovelace")
    assert html.count("<h2>Ada Lovelace</h2>") == 2
    assert "aria-label" not in html
    assert "{#" not in html


def test_components_escape_what_they_are_given() -> None:
    for template in (
        "{% badge nasty %}",
        "{% avatar nasty %}",
        "{% page_header title=nasty lede=nasty %}{% endpage_header %}",
        "{% card title=nasty %}{{ nasty }}{% endcard %}",
        "{% empty title=nasty text=nasty %}{% endempty %}",
        "{% alert title=nasty %}{{ nasty }}{% endalert %}",
        "{% include 'components/stat.html' with label=nasty value=nasty n=nasty %}",
        "{% include 'components/toast.html' with text=nasty %}",
        "{% include 'components/description_list.html' with rows=rows %}",
        "{% include 'components/timeline.html' with events=events %}",
    ):
        html = shown(template, nasty=NASTY, rows=[(NASTY, NASTY)], events=[{"title": NASTY, "text": NASTY, "at": NOW}])
        assert NASTY not in html, template


@pytest.mark.parametrize(
    ("cell", "is_marked"),
    [
        ("<td>–</td>", True),
        ('<td class="num"> – </td>', True),
        ('<td data-label="Owner"><span class="text-secondary">–</span></td>', True),
        ("<td></td>", True),
        ("<td>0</td>", False),
        ("<td>– and more</td>", False),
        ("<td><b>–</b>5</td>", False),
    ],
)
def test_a_cell_that_holds_nothing_is_marked_so_that_cards_leave_it_out(cell: str, is_marked: bool) -> None:
    table = shown("{% data_table label='Leads' %}<tbody><tr>{{ cell|safe }}</tr></tbody>{% enddata_table %}", cell=cell)
    assert ("is-none" in table) == is_marked
    assert table.partition("<td")[2].partition(">")[0].count("class=") <= 1


def test_a_sort_link_turns_round_and_forgets_the_place_in_the_old_order() -> None:
    request = RequestFactory().get("/leads/?sort=value&after=abc&tier=1")
    html = shown("{% sort_header 'Value' 'value' %}", request=request)
    assert 'aria-sort="ascending"' in html
    assert 'href="?sort=-value&amp;tier=1"' in html


FIELDS = """<div class="field"><label for="f-q">Name</label><input id="f-q" name="q" value="{{ q }}"></div>
<div class="field"><label for="f-stage">Stage</label><select class="form-select" id="f-stage" name="stage">
<option value="">Any</option><option value="won" selected>Won</option></select></div>"""


def test_what_is_filtered_by_is_said_and_can_be_taken_off_alone() -> None:
    request = RequestFactory().get("/leads/?q=%3Cb%3E&stage=won&tier=&after=abc")
    html = shown("{% filter_bar active=2 %}" + FIELDS + "{% endfilter_bar %}", request=request, q="<b>")
    assert "Filters (2)" in html
    assert 'href="?stage=won&amp;tier="><span class="text-truncate">Name: &lt;b&gt;</span>' in html
    assert 'href="?q=%3Cb%3E&amp;tier="><span class="text-truncate">Stage: Won</span>' in html
    assert html.count("filter-chips") == 1


def test_a_single_filter_is_not_folded_and_without_a_filter_no_mark_is_shown() -> None:
    request = RequestFactory().get("/leads/")
    html = shown("{% filter_bar %}" + FIELDS.split("\n", 1)[0] + "{% endfilter_bar %}", request=request, q="")
    assert "filter-fold" not in html
    assert "filter-chips" not in html


def test_every_icon_that_is_named_is_in_the_sprite() -> None:
    import re

    base = Path(settings.BASE_DIR)
    named = {page.icon for group in nav.NAVIGATION for page in group.pages}
    for path in (base / "templates").rglob("*.html"):
        named |= set(re.findall(r'{% icon "([a-z0-9-]+)"', path.read_text()))
    assert named - icon_names() == set()


def test_no_template_carries_inline_style_or_script() -> None:
    import re

    found = []
    for path in (Path(settings.BASE_DIR) / "templates").rglob("*.html"):
        if path.parent.name == "mail":
            continue  # mail programs know no style sheets, and no page shows these
        text = re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", path.read_text(), flags=re.DOTALL)
        if re.search(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\ssrc=)|hx-on|\"js:", text):
            found.append(path.name)
    assert found == []


@pytest.fixture
def no_addresses_kept():
    """The navigation asks anew where its pages are, and forgets what it was told here."""
    nav._addresses.cache_clear()
    yield
    nav._addresses.cache_clear()


@pytest.mark.parametrize(
    ("role", "first", "hidden"),
    [
        ("rep", "queue", "api-keys"),
        ("marketer", "leads", "people"),
        ("admin", "queue", None),
        ("executive", "leads", "imports"),
    ],
)
def test_each_role_sees_its_pages_in_the_fixed_order(
    monkeypatch, no_addresses_kept, role: str, first: str, hidden: str | None
) -> None:
    monkeypatch.setattr(nav, "_resolve", lambda name: f"/{name}/")
    user = SimpleNamespace(is_authenticated=True, role=role)
    links = [link for _title, group in nav.nav_for(user, "/leads/lead_123/") for link in group]
    urls = [link.url for link in links]
    fixed = [f"/{page.url_name}/" for group in nav.NAVIGATION for page in group.pages]
    assert urls == [url for url in fixed if url in urls]
    assert urls[0] == f"/{first}/"
    assert f"/{hidden}/" not in urls
    assert [link.url for link in links if link.is_current] == ["/leads/"]


def test_a_page_that_is_not_installed_and_a_stranger_get_no_link(monkeypatch, no_addresses_kept) -> None:
    monkeypatch.setattr(nav, "_resolve", lambda name: None)
    assert nav.nav_for(SimpleNamespace(is_authenticated=True, role="admin")) == ()
    assert nav.nav_for(SimpleNamespace(is_authenticated=False)) == ()
