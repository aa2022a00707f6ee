"""Tests against the packages of other models, which only the extra ``interop`` brings; ``tests/interop/run`` has them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "other-models.md"


@pytest.fixture
def package():
    """A package of others, or a skip; imported inside the test, so that its warnings are no errors of ours."""
    return lambda name: pytest.importorskip(name, reason="needs the extra interop", exc_type=ModuleNotFoundError)


@pytest.fixture
def code():
    """The block of Python on the page that holds a word; examples with their output are tested as such."""
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return lambda word: next(block for block in blocks if word in block and not block.startswith(">>>"))
