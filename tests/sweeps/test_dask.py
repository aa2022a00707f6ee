"""Sweeps on a real Dask cluster of two worker processes on this machine."""

from __future__ import annotations

import os
import signal
import threading

import numpy as np
import pytest

import graphmodel as gm
from graphmodel.errors import ConvergenceError, ExecutorError, ParameterError
from graphmodel.sweeps import sweep
from tests.sweeps.works import dies_once, scaled, slow, thirds_fail

distributed = pytest.importorskip("distributed", reason="Dask comes with the extra graphmodel[distributed]")

SHARED = (np.array([0.1, 0.2, 0.3]),)
PARTS = list(range(12))


@pytest.fixture(scope="module")
def client():
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, silence_logs="CRITICAL"
    )
    with cluster, distributed.Client(cluster) as client:
        yield client


def same(found, expected):
    assert [array.tobytes() for array in found] == [array.tobytes() for array in expected]


def test_dask_gives_the_same_bytes(client):
    same(sweep(scaled, PARTS, shared=SHARED, executor=client.get_executor()), sweep(scaled, PARTS, shared=SHARED))


def test_removal_and_pairs_on_dask_are_the_same_to_the_last_bit(client, real, toy):
    asked = [(gm.removal, real, {"by": "node", "mineral": "cobalt"}), (gm.pairs, toy, {"by": "node"})]
    for analysis, network, named in asked:
        here = analysis(network, **named).table
        assert here.equals(analysis(network, **named, executor=client.get_executor()).table)


def test_a_large_network_travels_without_a_warning(client):
    large = (np.arange(2_000_000.0),)  # 16 MB, above what Dask warns of
    found = sweep(scaled, [1, 2], shared=large, executor=client.get_executor())
    same(found, [large[0], large[0] * 2])


def test_what_failed_on_dask_is_named(client):
    with pytest.raises(ConvergenceError) as caught:
        sweep(thirds_fail, PARTS, shared=SHARED, title="removal in toy", executor=client.get_executor())
    assert caught.value.__notes__ == ["in part 4 of 12 of removal in toy"]


def test_control_c_cancels_what_dask_has_not_begun(client, tmp_path):
    def stop(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(slow, list(range(500)), shared=SHARED, executor=client.get_executor(), folder=tmp_path, progress=stop)
    assert 2 <= len(list(tmp_path.glob("part-*.npy"))) < 10
    same(sweep(scaled, [1], shared=SHARED, executor=client.get_executor()), SHARED)  # and it takes new work


def test_a_killed_worker_loses_nothing(client, tmp_path):
    shared = (SHARED[0], str(tmp_path))
    found = sweep(dies_once, PARTS, shared=shared, executor=client.get_executor())
    assert (tmp_path / "killed").exists()
    same(found, [SHARED[0] * part for part in PARTS])


def test_even_when_every_worker_is_killed_at_once_nothing_is_lost(client):
    client.wait_for_workers(2, timeout=20)
    workers = client.run(os.getpid).values()
    killing = threading.Timer(0.5, lambda: [os.kill(worker, signal.SIGKILL) for worker in workers])
    killing.start()
    found = sweep(slow, list(range(30)), shared=SHARED, executor=client.get_executor())
    killing.join()
    same(found, [SHARED[0] * part for part in range(30)])


def test_a_part_that_kills_every_worker_ends_the_sweep(client):
    with pytest.raises(ExecutorError, match=r"KilledWorker.*0 of 1 parts are done"):
        sweep(suicide, [0], shared=None, executor=client.get_executor())


def suicide(shared, part):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_client_is_no_executor(client):
    with pytest.raises(ParameterError, match=r"executor is Client.*client.get_executor\(\)"):
        sweep(scaled, PARTS, shared=SHARED, executor=client)
