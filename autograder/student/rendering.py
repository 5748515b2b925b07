"""Renders a result as HTML, for a notebook or a page, and as plain text."""

from __future__ import annotations

import html as _html
from collections.abc import Sequence

from autograder.student.manifest import ExerciseEntry, TestTitle
from autograder.testing.verdicts import Outcome, Result, Verdict

WORDS = {
    Outcome.PASSED: ("\N{CHECK MARK}", "passed"),
    Outcome.FAILED: ("\N{BALLOT X}", "failed"),
    Outcome.NOT_CHECKED: ("\N{EN DASH}", "not checked"),
    Outcome.NOT_STARTED: ("\N{WHITE CIRCLE}", "not done yet"),
    Outcome.GRADER_ERROR: ("!", "not graded"),
}

STYLE = """
.check-result{border:1px solid #8884;border-left:.35em solid #888;border-radius:.3em;
  padding:.6em 1em;margin:.4em 0;max-width:60em;font-family:system-ui,sans-serif;line-height:1.45}
.check-result.all-passed{border-left-color:#1a7f37}
.check-result.some-failed{border-left-color:#bc4c00}
.check-result .headline{font-size:1.05em;font-weight:600;margin:0 0 .4em}
.check-result table{border-collapse:collapse;table-layout:auto!important;width:100%;margin:.2em 0}
.check-result th,.check-result td{text-align:left!important;vertical-align:top;
  padding:.25em .6em .25em 0;white-space:normal;border-bottom:1px solid #8883}
.check-result td.outcome{white-space:nowrap;font-weight:600}
.check-result .points{white-space:nowrap;text-align:right!important}
.check-result .message{margin:.2em 0;overflow-wrap:anywhere}
.check-result .diagnosis{margin:.2em 0;font-weight:600}
.check-result .help{margin:.2em 0}
.check-result .aside{opacity:.85;font-size:.95em;margin:.5em 0 0}
.check-result details{margin:.35em 0}
"""


def text(result: Result, entry: ExerciseEntry | None = None) -> str:
    """Return a result as plain text, with a block for each test.

    Args:
        result: the result.
        entry: the exercise; with it the text also says what a check in a notebook covers.
    """
    lines = [headline(result, entry)]
    for verdict in result.verdicts:
        mark, word = WORDS[verdict.outcome]
        lines.append(f"  {mark} {word}: {verdict.title} [{points_shown(verdict)}]")
        if verdict.message and verdict.outcome is not Outcome.NOT_STARTED:
            lines.append(f"      {verdict.message}")
        if verdict.diagnosis:
            lines.append(f"      This looks like: {verdict.diagnosis}.")
        if verdict.help:
            lines.append(f"      {verdict.help}")
    if entry is not None:
        lines += [f"  {line}" for line in closing_lines(entry)]
    return "\n".join(lines)


def html(result: Result, entry: ExerciseEntry | None = None, *, hints: Sequence[str] = ()) -> str:
    """Return a result as a piece of HTML with its own style; all text in it is escaped.

    Args:
        result: the result.
        entry: the exercise; with it the HTML also says what a check in a notebook covers.
        hints: hints on the exercise, each folded into the one before.
    """
    state = "all-passed" if result.passed else "some-failed"
    rows = "".join(_row(verdict) for verdict in result.verdicts)
    asides = closing_lines(entry) if entry is not None else []
    return (
        f"<style>{STYLE}</style>"
        f'<section class="check-result {state}" aria-label="check of {_escape(result.exercise)}">'
        f'<p class="headline">{_escape(headline(result, entry))}</p>'
        '<table><thead><tr><th scope="col">result</th><th scope="col">requirement</th>'
        f'<th scope="col" class="points">points</th></tr></thead><tbody>{rows}</tbody></table>'
        f"{_ladder(hints)}"
        + "".join(f'<p class="aside">{_escape(line)}</p>' for line in asides)
        + "</section>"
    )


def headline(result: Result, entry: ExerciseEntry | None) -> str:
    """Return a result in one line."""
    outcomes = [verdict.outcome for verdict in result.verdicts]
    name = f"{entry.title} ({result.exercise})" if entry else result.exercise
    if result.points is None:
        return f"{name}: not graded; the grader failed, and a person will look at it"
    if not any(outcome is Outcome.PASSED for outcome in outcomes) and any(
        outcome is Outcome.NOT_STARTED for outcome in outcomes
    ):
        return f"{name}: not done yet"
    passed = sum(outcome is Outcome.PASSED for outcome in outcomes)
    marks = f"{result.points:g} of {result.max_points:g} points"
    return f"{name}: {passed} of {len(outcomes)} passed, {marks}"


def closing_lines(entry: ExerciseEntry) -> list[str]:
    """Return lines that say what a check in a notebook covers, and what else will be graded."""
    if not entry.hidden:
        return ["These are all the tests of this exercise."]
    return [
        f"This check is the public part: {_sum(entry.public)} of {entry.points:g} points. "
        f"Also graded, by tests that you do not see: {_listed(entry.hidden)}."
    ]


def points_shown(verdict: Verdict) -> str:
    """Return the points of a verdict, such as `0/4`, with a dash for a missing mark."""
    earned = "\N{EN DASH}" if verdict.points is None else f"{verdict.points:g}"
    return f"{earned}/{verdict.max_points:g}"


def _row(verdict: Verdict) -> str:
    mark, word = WORDS[verdict.outcome]
    said = [f"<div>{_escape(verdict.title)}</div>"]
    if verdict.message and verdict.outcome is not Outcome.NOT_STARTED:
        said.append(f'<div class="message">{_escape(verdict.message)}</div>')
    if verdict.diagnosis:
        said.append(f'<div class="diagnosis">This looks like: {_escape(verdict.diagnosis)}.</div>')
    if verdict.help:
        said.append(f'<div class="help">{_escape(verdict.help)}</div>')
    return (
        f'<tr><td class="outcome"><span aria-hidden="true">{mark}</span> {word}</td>'
        f'<td>{"".join(said)}</td><td class="points">{points_shown(verdict)}</td></tr>'
    )


def _ladder(hints: Sequence[str]) -> str:
    """Return the hints as HTML, each folded into the hint before it."""
    ladder = ""
    for number, hint in reversed(list(enumerate(hints, start=1))):
        name = f"Hint {number} of {len(hints)}"
        ladder = f"<details><summary>{name}</summary><p>{_escape(hint)}</p>{ladder}</details>"
    return ladder


def _listed(tests: Sequence[TestTitle]) -> str:
    return "; ".join(f"{test.title} ({test.points:g})" for test in tests)


def _sum(tests: Sequence[TestTitle]) -> str:
    return f"{sum(test.points for test in tests):g}"


def _escape(value: str) -> str:
    return _html.escape(value, quote=True)
