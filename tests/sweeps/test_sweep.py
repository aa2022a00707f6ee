"""Sweeps on every executor: the same numbers, whatever happens on the way."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmodel.errors import ConvergenceError, ExecutorError, ParameterError
from graphmodel.sweeps import sweep
from tests.sweeps.works import dies_once, noted, scaled, slow, thirds_fail

SHARED = (np.array([0.1, 0.2, 0.3]),)
PARTS = list(range(8))


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def same(found, expected):
    assert [array.tobytes() for array in found] == [array.tobytes() for array in expected]


def test_every_executor_gives_the_same_bytes(processes):
    here = sweep(scaled, PARTS, shared=SHARED)
    assert [array.tolist() for array in here[:2]] == [[0, 0, 0], [0.1, 0.2, 0.3]]
    with ThreadPoolExecutor(3) as threads:
        same(sweep(scaled, PARTS, shared=SHARED, executor=threads), here)
    same(sweep(scaled, PARTS, shared=SHARED, executor=processes), here)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(allow_nan=False), max_size=20), st.integers(1, 7))
def test_however_the_work_is_cut_the_answer_is_the_same(numbers, size):
    whole = np.array(numbers) * 0.1
    parts = [np.array(numbers[first : first + size]) for first in range(0, len(numbers), size)]
    with ThreadPoolExecutor(2) as threads:
        found = sweep(scaled, parts, shared=(np.float64(0.1),), executor=threads)
    assert np.concatenate([np.zeros(0), *found]).tobytes() == whole.tobytes()


def test_nothing_to_do_is_done():
    assert sweep(scaled, [], shared=SHARED) == []
    with ThreadPoolExecutor(1) as threads:
        assert sweep(scaled, [], shared=SHARED, executor=threads) == []


def test_progress_counts_the_work_in_parts():
    told = []
    sweep(scaled, [1, 2], shared=SHARED, sizes=[512, 3], progress=lambda *now: told.append(now))
    assert told == [(512, 515), (515, 515)]


def test_what_failed_is_named_and_keeps_its_kind():
    with ThreadPoolExecutor(1) as threads:
        for executor in (None, threads):
            with pytest.raises(ConvergenceError, match="a loop of 2") as caught:
                sweep(thirds_fail, PARTS, shared=SHARED, title="removal in toy", executor=executor)
            assert caught.value.__notes__ == ["in part 4 of 8 of removal in toy"]


def test_after_control_c_finished_parts_are_kept_and_the_rest_is_not_begun(tmp_path):
    marks, kept = tmp_path / "marks", tmp_path / "kept"
    marks.mkdir()
    shared = (SHARED[0], str(marks))

    def stop(done, total):
        if done == 3:
            raise KeyboardInterrupt

    with ThreadPoolExecutor(1) as threads, pytest.raises(KeyboardInterrupt):
        sweep(noted, list(range(2000)), shared=shared, executor=threads, folder=kept, progress=stop)
    n_kept = len(list(kept.glob("part-*.npy")))
    assert 3 <= n_kept <= len(list(marks.iterdir())) < 2000
    told = []
    found = sweep(noted, list(range(2000)), shared=shared, folder=kept, progress=lambda *now: told.append(now))
    assert told[0] == (n_kept, 2000)
    assert told[-1] == (2000, 2000)
    same(found, [SHARED[0] * part for part in range(2000)])


def test_control_c_here_keeps_what_is_finished(tmp_path):
    def stop(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(scaled, PARTS, shared=SHARED, folder=tmp_path, progress=stop)
    assert len(list(tmp_path.glob("part-*.npy"))) == 2


def test_a_killed_process_is_told_and_the_same_call_goes_on(tmp_path):
    marks, kept = tmp_path / "marks", tmp_path / "kept"
    marks.mkdir()
    shared = (SHARED[0], str(marks))

    def run():
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            return sweep(dies_once, PARTS, shared=shared, title="pairs in toy", executor=pool, folder=kept)

    with pytest.raises(ExecutorError, match=r"pairs in toy: .* 5 of 8 parts are kept in .*the same call"):
        run()
    assert len(list(kept.glob("part-*.npy"))) == 5
    same(run(), [SHARED[0] * part for part in PARTS])


def test_an_executor_that_is_shut_takes_no_parts():
    with ThreadPoolExecutor(1) as threads:
        pass
    with pytest.raises(ExecutorError, match=r"cannot schedule new futures after shutdown.*0 of 8 parts are done"):
        sweep(slow, PARTS, shared=SHARED, executor=threads)


def test_what_is_no_executor_is_refused():
    with pytest.raises(ParameterError, match=r"executor is str, but must be a concurrent.futures.Executor"):
        sweep(scaled, PARTS, shared=SHARED, executor="threads")
