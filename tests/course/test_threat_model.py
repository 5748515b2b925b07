"""What the page on threats calls proven is a test, and what it calls an attack is one."""

from __future__ import annotations

import re
from pathlib import Path

from tests.attacks.arena import corpus

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")


def test_every_test_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert len(named) > 20
    assert named <= defined, sorted(named - defined)


def test_every_file_that_the_page_names_exists() -> None:
    files = re.findall(r"`(tests/[\w/]+(?:\.py)?)`", PAGE)
    assert files
    assert all((ROOT / file).exists() for file in files)


def test_every_attack_that_the_page_names_is_in_the_corpus() -> None:
    attacks = {attack.name for attack in corpus()}
    named = [
        attack
        for some in re.findall(r"attacks? ((?:`\w+`(?:, )?)+)", PAGE)
        for attack in re.findall(r"`(\w+)`", some)
    ]
    assert len(named) > 40
    assert set(named) <= attacks | {name for name in named if name.startswith("test_")}
