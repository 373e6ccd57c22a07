"""Loads templates with their constant parts written out: fixed words, icons and addresses of files become text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.conf import settings
from django.template import Context, Template
from django.template.base import FilterExpression, Node, NodeList, TextNode
from django.template.loaders import cached
from django.templatetags.i18n import TranslateNode
from django.templatetags.static import StaticNode
from django.utils.functional import Promise

Tag = TypeVar("Tag", bound=Callable[..., Any])
_MARK = "is_always_same"


def always_same(tag: Tag) -> Tag:
    """Marks a template tag whose answer depends on nothing but its arguments."""
    setattr(tag, _MARK, True)
    return tag


class Loader(cached.Loader):
    """The cached loader; what would come out the same each time is rendered when a template is read.

    Words are written out where the portal speaks one language; with several they are looked up for each page.
    """

    def get_template(self, template_name: str, skip: Any = None) -> Template:
        is_known = self.cache_key(template_name, skip) in self.get_template_cache
        template: Template = super().get_template(template_name, skip)
        if not is_known:
            fold(template.nodelist)
        return template


def fold(nodes: NodeList) -> None:
    """Replaces constant nodes by text and joins texts that stand side by side, also inside blocks and branches."""
    folded: list[Node] = []
    for node in nodes:
        for inside in branches_of(node):
            fold(inside)
        text = _text_of(node)
        if text is None:
            folded.append(node)
        elif folded and isinstance(folded[-1], TextNode):
            folded[-1] = _text_node(folded[-1].s + text, node)
        else:
            folded.append(_text_node(text, node))
    nodes[:] = folded


def branches_of(node: Any) -> Iterable[NodeList]:
    """Whatever a node may show of what stands inside it."""
    for name in {*node.child_nodelists, "nodelist"}:  # block tags do not name theirs
        if isinstance(found := getattr(node, name, None), NodeList):
            yield found
    for _condition, branch in getattr(node, "conditions_nodelists", ()):
        yield branch


def _text_of(node: Any) -> str | None:
    """What a node always shows; None if that depends on anything."""
    if isinstance(node, TextNode):
        return node.s
    if not _is_constant(node):
        return None
    texts = {str(node.render(Context(autoescape=escapes))) for escapes in (True, False)}
    return texts.pop() if len(texts) == 1 else None


def _is_constant(node: Any) -> bool:
    if isinstance(node, TranslateNode):
        is_plain = not (node.asvar or node.message_context or node.noop or node.filter_expression.filters)
        return is_plain and not settings.USE_I18N and node.filter_expression.var.literal is not None
    if isinstance(node, StaticNode):
        return node.varname is None and _is_fixed(node.path)
    if not getattr(getattr(node, "func", None), _MARK, False) or node.target_var is not None:
        return False
    return all(map(_is_fixed, (*node.args, *node.kwargs.values())))


def _is_fixed(value: FilterExpression) -> bool:
    if value.is_var or value.filters:
        return False
    return not isinstance(value.var, Promise) or not settings.USE_I18N


def _text_node(text: str, where: Any) -> TextNode:
    made: Any = TextNode(text)
    made.token, made.origin = where.token, where.origin
    return made
