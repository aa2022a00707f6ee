from __future__ import annotations

import warnings

import pytest

from graphmodel import _deprecation
from graphmodel._deprecation import deprecated


@pytest.fixture
def version(monkeypatch):
    """Say which version of the package runs."""
    return lambda text: monkeypatch.setattr(_deprecation, "__version__", text)


@pytest.mark.parametrize(
    ("now", "gone", "kind"),
    [
        ("0.2.0", "0.4", DeprecationWarning),
        ("0.3.0", "0.4", FutureWarning),  # the last one before it goes
        ("0.3.9", "0.4", FutureWarning),
        ("0.4.0", "0.4", FutureWarning),  # forgotten
        ("0.9.0", "1.0", FutureWarning),  # 1.0 may come next
        ("1.9.0", "1.11", DeprecationWarning),
    ],
)
def test_users_are_told_in_the_last_version_that_knows_the_old_name(version, now, gone, kind):
    version(now)

    @deprecated("shut", since="0.2", gone=gone)
    def close(node):
        return node.upper()

    with pytest.warns(kind, match=rf"^close is deprecated since 0.2 and goes in {gone}; use shut$") as seen:
        assert close("mine-a") == "MINE-A"
    assert len(seen) == 1
    assert seen[0].filename == __file__  # the caller's line, not ours


def test_a_renamed_argument_still_counts():
    @deprecated(renamed={"group": "by"}, since="0.1", gone="0.3")
    def shut(node, *, by="country"):
        return node, by

    message = r"^shut\(group=…\) is deprecated since 0.1 and goes in 0.3; use by=…$"
    with pytest.warns(DeprecationWarning, match=message):
        assert shut("mine-a", group="owner") == ("mine-a", "owner")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert shut("mine-a", by="owner") == ("mine-a", "owner")
        assert shut("mine-a") == ("mine-a", "country")
    with pytest.raises(TypeError, match=r"shut\(\) got both 'group' and 'by', which are one argument"):
        shut("mine-a", group="owner", by="stage")


def test_name_and_docstring_stay():
    @deprecated("shut", since="0.1", gone="0.3")
    def close(node: str) -> str:
        """Close it."""
        return node

    assert (close.__name__, close.__doc__) == ("close", "Close it.")
