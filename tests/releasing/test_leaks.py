"""A piece of a solution is found however it is wrapped."""

import base64
import gzip
import json
import zlib

import pytest

from autograder.releasing.leaks import Secrets

SOLUTION = """
    squares = [value * value for value in x]
    # The root of the sum.
    total = sum(squares)
    for value in squares:
        total = max(total, value)
    return total ** 0.5
"""
CODE = "squares = [value * value for value in x]\ntotal = sum(squares)"


@pytest.fixture
def secrets():
    found = Secrets()
    found.add_code(SOLUTION, "the solution of norm")
    found.add_prose("When they stand at a right angle to each other, of course.", "the answer")
    return found


def origins(findings):
    return {finding.origin for finding in findings}


WRAPPINGS = {
    "as it is": CODE,
    "indented": "    " + CODE.replace("\n", "\n    "),
    "formatted anew": "squares=[ value*value  for value in x ]\n\n\ntotal = sum( squares, )",
    "with a comment between": CODE.replace("\n", "  # squares\n# and now\n"),
    "commented out": "# " + CODE.replace("\n", "\n# "),
    "in a fence": f"Look:\n\n```python\n{CODE}\n```\nThat was it.",
    "quoted": "> " + CODE.replace("\n", "\n> "),
    "as a session": ">>> " + CODE.replace("\n", "\n>>> "),
    "as a diff": "+ " + CODE.replace("\n", "\n+ "),
    "in a sentence": f"First do {CODE.splitlines()[0]}; {CODE.splitlines()[1]}, then go on.",
    "as a literal": repr(CODE),
    "as a literal of a literal": repr(repr(CODE)),
    "as JSON": json.dumps({"a": [{"b": CODE}]}),
    "as JSON lines": json.dumps({"source": CODE.splitlines(keepends=True)}),
    "as base64": base64.b64encode(CODE.encode()).decode(),
    "as base64 for addresses": base64.urlsafe_b64encode(CODE.encode()).decode(),
    "as base64 in lines": base64.encodebytes((CODE * 3).encode()).decode(),
    "as hexadecimal": CODE.encode().hex(),
    "compressed": base64.b64encode(zlib.compress(CODE.encode())).decode(),
    "compressed by gzip": base64.b64encode(gzip.compress(CODE.encode())).decode(),
    "wrapped twice": base64.b64encode(json.dumps([repr(CODE)]).encode()).decode(),
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_two_consecutive_statements_are_found_in_any_wrapping(secrets, wrapping):
    assert origins(secrets.in_text(WRAPPINGS[wrapping])) == {"the solution of norm"}


@pytest.mark.parametrize(
    "source",
    [
        f"def f(x):\n    {CODE.splitlines()[0]}\n    {CODE.splitlines()[1]}\n",
        f"X = {CODE!r}\n",
        f"X = {CODE.encode()!r}\n",
        f'"""Docstring.\n\n{CODE}\n"""\n',
        "# " + CODE.replace("\n", "\n# ") + "\nx = 1\n",
        f"x = [\n    {base64.b64encode(CODE.encode()).decode()!r},\n]\n",
        "def broken(:\n" + CODE,
    ],
)
def test_statements_are_found_in_python_files(secrets, source):
    assert origins(secrets.in_python(source)) == {"the solution of norm"}


def test_a_loop_and_its_first_statement_are_a_pair(secrets):
    assert secrets.in_text("for value in squares:\n    total = max(total, value)\n    break")


def test_statements_further_apart_are_no_pair(secrets):
    first, second = CODE.splitlines()
    assert not secrets.in_python(f"{first}\nprint(x)\n{second}\n")


def test_one_short_statement_is_no_leak(secrets):
    assert not secrets.in_text("total = sum(squares)")


def test_an_expression_of_twelve_nodes_is_found_on_its_own():
    secrets = Secrets()
    secrets.add_code("return (a[:, None] + b[None, :] - 2 * c).clip(0)", "the solution")
    assert secrets.in_text("Think of `( a[:, None] + b[None, :] - 2*c ).clip(0)` here.")
    assert secrets.in_python("y = g((a[:, None] + b[None, :] - 2 * c).clip(0))")
    assert not secrets.in_text("Think of `2 * c` and of `.clip(0)`.")


def test_what_is_given_anyway_is_no_secret():
    secrets = Secrets()
    secrets.add_code("a = 1 + b\nc = a * a", "the solution", given={"a = 1 + b\nc = a * a"})
    assert len(secrets) == 0


def test_a_sentence_of_a_text_for_graders_is_found(secrets):
    text = "Answer: when they stand at a **right angle** to each other, of course."
    assert not secrets.in_text("They stand at a right angle.")
    assert origins(secrets.in_text(text.replace("**", ""))) == {"the answer"}


@pytest.mark.parametrize(
    "text", ["", "x", "{", "[1, 2", "%%%", "\ud800" * 30, "A" * 5000, "0" * 501]
)
def test_any_text_can_be_read(secrets, text):
    assert secrets.in_text(text) == set()
