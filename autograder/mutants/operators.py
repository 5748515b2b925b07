"""Mutation operators for chained tensor code, used together with those of cosmic-ray.

cosmic-ray replaces operators, comparisons and constants. In code such as
`(margin - d).relu().square()` a call is easily forgotten, so these operators drop calls, keyword
arguments and statements.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cosmic_ray.operators.operator import Example, Operator
from parso.python.tree import Name

SWAPPED = {"+=": "-=", "-=": "+="}
Node = Any  # a leaf or a branch of parso's tree: only its `type` says which attributes it has
Position = tuple[tuple[int, int], tuple[int, int]]


class DropMethodCall(Operator):
    """An operator by which `x.square()` becomes `x`; it leaves functions of a module."""

    def mutation_positions(self, node: Node) -> list[Position]:
        return [(node.children[i].start_pos, node.children[i + 1].end_pos) for i in _methods(node)]

    def mutate(self, node: Node, index: int) -> Node:
        place = _methods(node)[index]
        del node.children[place : place + 2]
        return node

    @classmethod
    def examples(cls) -> Sequence[Example]:
        return (
            Example("x.square().sum(dim=1)", "x.sum(dim=1)"),
            Example("x.square().sum(dim=1)", "x.square()", occurrence=1),
        )


class CallToArgument(Operator):
    """An operator by which `torch.exp(x)` and `rng.permutation(x)` become `(x)`."""

    def mutation_positions(self, node: Node) -> list[Position]:
        place = _call_of_name(node)
        if place is None or _first_argument(node.children[place]) is None:
            return []
        return [(node.start_pos, node.children[place].end_pos)]

    def mutate(self, node: Node, index: int) -> Node:
        place = _call_of_name(node)
        assert place is not None
        argument = _first_argument(node.children[place])
        assert argument is not None
        code = f"({argument.get_code().strip()})"
        node.children[: place + 1] = [_leaf(code, node)]
        return node

    @classmethod
    def examples(cls) -> Sequence[Example]:
        return (Example("y = np.sort(x + 1, axis=0)[0]", "y = (x + 1)[0]"),)


class DropKeyword(Operator):
    """An operator by which `x.sum(dim=1, keepdim=True)` becomes `x.sum(dim=1)`."""

    def mutation_positions(self, node: Node) -> list[Position]:
        return [(argument.start_pos, argument.end_pos) for argument in _keywords(node)]

    def mutate(self, node: Node, index: int) -> Node:
        argument = _keywords(node)[index]
        siblings = argument.parent.children
        place = siblings.index(argument)
        if siblings[0].type == "operator":  # the only argument, between its brackets
            del siblings[place]
        else:  # one of several, separated by commas
            del siblings[max(place - 1, 0) : place + (2 if place == 0 else 1)]
        return node

    @classmethod
    def examples(cls) -> Sequence[Example]:
        return (
            Example("f(x, dim=1, out=y)", "f(x, out=y)"),
            Example("f(x, dim=1, out=y)", "f(x, dim=1)", occurrence=1),
            Example("f(dim=1, out=y)", "f( out=y)"),
            Example("f(dim=1)", "f()"),
        )


class DropStatement(Operator):
    """An operator by which a statement with an effect (a call, or `x += 1`) becomes `pass`."""

    def mutation_positions(self, node: Node) -> list[Position]:
        if node.type != "simple_stmt" or not _is_for_effect(node.children[0]):
            return []
        statement = node.children[0]
        return [(statement.start_pos, statement.end_pos)]

    def mutate(self, node: Node, index: int) -> Node:
        node.children[0] = _leaf("pass", node)
        return node

    @classmethod
    def examples(cls) -> Sequence[Example]:
        return (
            Example("x += 1\ny = x\n", "pass\ny = x\n"),
            Example("x.clamp_(0)\n", "pass\n"),
        )


class SwapAugmentedAssignment(Operator):
    """An operator by which `x += 1` becomes `x -= 1`, and the reverse."""

    def mutation_positions(self, node: Node) -> list[Position]:
        if node.type != "operator" or node.value not in SWAPPED:
            return []
        return [(node.start_pos, node.end_pos)]

    def mutate(self, node: Node, index: int) -> Node:
        node.value = SWAPPED[node.value]
        return node

    @classmethod
    def examples(cls) -> Sequence[Example]:
        return (Example("x += 1", "x -= 1"), Example("x -= 1", "x += 1"))


OPERATORS: tuple[type[Operator], ...] = (
    DropMethodCall,
    CallToArgument,
    DropKeyword,
    DropStatement,
    SwapAugmentedAssignment,
)


def _methods(node: Node) -> list[int]:
    """Return the places of `.name(...)` in a chain, except calls of a module's functions."""
    if node.type not in ("atom_expr", "power"):
        return []
    children = node.children
    places = []
    for place in range(1, len(children) - 1):
        if not (_is_trailer(children[place], ".") and _is_trailer(children[place + 1], "(")):
            continue
        before = children[1:place]
        plain = all(_is_trailer(child, ".") for child in before)
        if not (plain and children[0].type == "name" and children[0].value in _imported(node)):
            places.append(place)
    return places


def _call_of_name(node: Node) -> int | None:
    """Return the place of the `(...)` that calls a dotted name, or None."""
    if node.type not in ("atom_expr", "power") or node.children[0].type != "name":
        return None
    for place, child in enumerate(node.children[1:], 1):
        if _is_trailer(child, "("):
            return place
        if not _is_trailer(child, "."):
            return None
    return None


def _first_argument(call: Node) -> Node | None:
    """Return the first argument of a call if it is positional, or None."""
    first = call.children[1]
    if first.type == "arglist":
        first = first.children[0]
    return None if first.type in ("operator", "argument") else first


def _keywords(node: Node) -> list[Node]:
    """Return the keyword arguments of a call."""
    if not _is_trailer(node, "("):
        return []
    inside = node.children[1]
    arguments = inside.children if inside.type == "arglist" else [inside]
    return [
        argument
        for argument in arguments
        if argument.type == "argument" and argument.children[1].get_code().strip() == "="
    ]


def _is_for_effect(statement: Node) -> bool:
    if statement.type == "expr_stmt":
        operator = statement.children[1]
        return operator.type == "operator" and operator.value in SWAPPED
    return statement.type in ("atom_expr", "power") and _is_trailer(statement.children[-1], "(")


def _is_trailer(node: Node, opening: str) -> bool:
    return node.type == "trailer" and node.children[0].value == opening


def _imported(node: Node) -> set[str]:
    """Return the names that the module of a node imports."""
    return {name.value for name in _imports(node.get_root_node())}


def _imports(module: Node) -> Iterator[Name]:
    for statement in module.iter_imports():
        yield from statement.get_defined_names()


def _leaf(code: str, instead_of: Node) -> Name:
    """Return code as a single leaf, after the white space of the node that it replaces."""
    return Name(code, instead_of.start_pos, prefix=instead_of.get_first_leaf().prefix)
