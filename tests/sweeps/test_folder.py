"""The folder of a sweep: goes on from what is there, refuses what is not its own, destroys nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

import graphmodel
from graphmodel.errors import FolderError, ParameterError
from graphmodel.sweeps import fingerprint, sweep
from tests.sweeps.works import noted, scaled

SHARED = (np.array([0.1, 0.2, np.nan]),)
PARTS = list(range(5))


def run(folder, *, shared=SHARED, parts=PARTS, **named):
    return sweep(scaled, parts, shared=shared, folder=folder, title="removal in toy", **named)


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture
def kept(tmp_path):
    folder = tmp_path / "kept"
    run(folder, parameters={"by": "country", "top": None})
    return folder


def again(folder, **named):
    return run(folder, parameters={"by": "country", "top": None}, **named)


def test_finished_parts_are_read_and_not_worked_out_again(tmp_path):
    marks, kept = tmp_path / "marks", tmp_path / "kept"
    marks.mkdir()
    first = sweep(noted, PARTS, shared=(SHARED[0], str(marks)), folder=kept)
    sorted(kept.glob("part-*.npy"))[2].unlink()  # one part is missing
    second = sweep(noted, PARTS, shared=(SHARED[0], str(marks)), folder=kept)
    assert [array.tobytes() for array in first] == [array.tobytes() for array in second]
    assert len(list(marks.iterdir())) == len(PARTS) + 1


def test_a_folder_says_what_it_holds(kept):
    told = json.loads((kept / "sweep.json").read_text())
    assert told == {
        "graphmodel": graphmodel.__version__,
        "parts": 5,
        "sweep": "removal in toy",
        "parameters": {"by": "country", "top": None},
        "fingerprint": fingerprint(scaled, SHARED, PARTS),
    }
    part = next(kept.glob("part-000003-*.npy"))
    assert np.array_equal(np.load(part, allow_pickle=False), SHARED[0] * 2, equal_nan=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shared": (np.array([0.1, 0.2, 0.4]),)}, "fingerprint is"),
        ({"parts": [0, 1, 2, 3, 5]}, "fingerprint is"),
        ({"parts": [0, 1]}, "parts is 5 there and 2 here"),
    ],
)
def test_another_sweep_is_refused_and_the_folder_stays_as_it_is(kept, change, said):
    before = bytes_of(kept)
    with pytest.raises(FolderError, match=f"holds another sweep: .*{said}"):
        again(kept, **change)
    assert bytes_of(kept) == before


def test_other_parameters_are_another_sweep(kept):
    with pytest.raises(FolderError, match="holds another sweep: by is 'country' there and 'node' here; choose"):
        run(kept, parameters={"by": "node", "top": None})


def test_parts_of_another_version_are_refused(kept):
    told = json.loads((kept / "sweep.json").read_text())
    (kept / "sweep.json").write_text(json.dumps({**told, "graphmodel": "0.0.1"}))
    with pytest.raises(FolderError, match=r"graphmodel is '0.0.1' there"):
        again(kept)


def test_a_damaged_part_is_named_and_left_alone(kept):
    part = next(kept.glob("part-000002-*.npy"))
    whole = part.read_bytes()
    flipped = whole[:-1] + bytes([whole[-1] ^ 1])
    for content in (whole[:-3], b"", b"not an array", flipped):
        part.write_bytes(content)
        with pytest.raises(FolderError, match=f"{part.name} is damaged or there twice; move it away"):
            again(kept)
        assert part.read_bytes() == content
    part.unlink()
    assert len(again(kept)) == 5


def test_a_foreign_file_is_named_and_left_alone(kept):
    (kept / "notes.txt").write_text("mine")
    with pytest.raises(FolderError, match=r"notes.txt is no part of this sweep; move it away"):
        again(kept)
    assert (kept / "notes.txt").read_text() == "mine"
    (kept / "notes.txt").rename(kept / "part-000009-0123456789abcdef.npy")
    with pytest.raises(FolderError, match="is no part of this sweep"):
        again(kept)


def test_a_folder_of_something_else_is_not_touched(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(FolderError, match=r"holds thesis.tex and no sweep.json; choose an empty or a new folder"):
        run(tmp_path)
    assert bytes_of(tmp_path) == {"thesis.tex": b"mine"}


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '"sweep"', "[" * 100_000], ids=["empty", "cut", "list", "word", "deep"]
)
def test_a_damaged_manifest_is_refused(kept, content):
    (kept / "sweep.json").write_text(content)
    with pytest.raises(FolderError, match=r"sweep.json: (cannot be read|is no manifest)"):
        again(kept)


def test_hidden_files_are_passed_over(kept):
    (kept / ".part-000001.npy.abc.tmp").write_bytes(b"half")
    assert len(again(kept)) == 5


def test_a_folder_needs_a_place(tmp_path):
    with pytest.raises(FolderError, match="cannot keep a sweep here: No such file or directory"):
        run(tmp_path / "a" / "b")
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderError, match="cannot keep a sweep here: Not a directory"):
        run(tmp_path / "file")


def test_a_read_only_folder_keeps_nothing_half(tmp_path, monkeypatch):
    def refuse(here, there):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(FolderError, match=r"cannot write sweep.json: Read-only file system"):
        run(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_keeps_whole_parts_only(tmp_path):
    """The third part is larger than any file may be; the two before stay, and nothing of it does."""
    code = f"""
import resource
import numpy as np
from graphmodel.errors import FolderError
from graphmodel.sweeps import sweep
from tests.sweeps.works import scaled
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
parts = [np.ones(2), np.ones(3), np.ones(5000), np.ones(2)]
try:
    sweep(scaled, parts, shared=(2.0,), folder={str(tmp_path)!r})
except FolderError as error:
    print(error)
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "cannot write part-000003" in told
    assert "File too large" in told
    assert sorted(path.name[:11] for path in tmp_path.iterdir()) == ["part-000001", "part-000002", "sweep.json"]


def test_a_fingerprint_tells_kinds_shapes_and_order_apart():
    values = [
        1, 1.0, "1", True, None, (1,), [[1]], np.array([1]), np.array([1.0]), np.array([[1.0]]),
        {"a": 1}, {"b": 1}, (1, 2), (2, 1), ("ab", "c"), ("a", "bc"), scaled, noted,
    ]  # fmt: skip
    assert len({fingerprint(value) for value in values}) == len(values)
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint(np.float64(0.5)) == fingerprint(0.5)
    assert fingerprint(np.arange(6).reshape(2, 3).T) == fingerprint(np.arange(6).reshape(2, 3).T.copy())
    with pytest.raises(ParameterError, match="object has no fingerprint"):
        fingerprint(object())
