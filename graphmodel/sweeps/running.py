"""One function over many parts, here or on any executor."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, as_completed
from pathlib import Path
from typing import TypeVar

import numpy as np

from graphmodel._types import FloatArray
from graphmodel.errors import ExecutorError, FolderError, ParameterError
from graphmodel.sweeps.folder import fingerprint, keep_part, open_folder

S = TypeVar("S")
T = TypeVar("T")

Progress = Callable[[int, int], None]


def sweep(
    work: Callable[[S, T], FloatArray],
    parts: Sequence[T],
    *,
    shared: S,
    sizes: Sequence[int] | None = None,
    executor: Executor | None = None,
    folder: Path | str | None = None,
    title: str = "sweep",
    parameters: Mapping[str, object] | None = None,
    progress: Progress | None = None,
) -> list[FloatArray]:
    """Work on every part and return the arrays in the order of the parts.

    Parameters
    ----------
    work : callable
        Module-level function of ``shared`` and one part that returns an array of doubles. It must not change what
        it is given, and its answer must depend on nothing else.
    parts : sequence
        What is to be done, part by part; small, as it travels to the workers.
    shared : object
        What every part needs: arrays, or tuples of them.
    sizes : sequence of int, optional
        How much work each part holds, for ``progress``; one each when absent.
    executor : concurrent.futures.Executor, optional
        Threads, processes, or Dask by ``client.get_executor()``. Without one the parts are done here in turn.
    folder : path, optional
        Where finished parts are kept. The same call goes on from what it finds there.
    title, parameters : str, mapping
        What the folder's manifest says the sweep is.
    progress : callable, optional
        Called with the work done and all work: first with what the folder held, if anything, then after each part.

    Returns
    -------
    list of FloatArray
        One array a part, bitwise the same whatever the executor, the order of work and the interruptions.

    Raises
    ------
    ExecutorError
        If a worker died or the executor stopped; says how many parts are done. Dask does a lost part again elsewhere.
    FolderError
        If the folder holds another sweep, a damaged part or a foreign file, or cannot be written.
    ParameterError
        If ``executor`` is no executor.

    Notes
    -----
    An exception in a part keeps its type and gets a note that names the part. Then, and on Ctrl-C, parts not yet
    begun are cancelled and parts already finished are kept. Threads read the shared arrays in place; with Dask they
    travel once to each worker; a pool of processes gets them with each part (5 ms for 300,000 edges). Everything
    outside ``work`` costs about 1 ms a part with processes and 3 ms with Dask, so parts should last a tenth of a
    second or more.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> halves = [np.array([1.0, 2.0]), np.array([3.0])]
    >>> with ThreadPoolExecutor(2) as pool:
    ...     sweep(np.multiply, halves, shared=np.array([10.0]), executor=pool)
    [array([10., 20.]), array([30.])]
    """
    if executor is not None and not isinstance(executor, Executor):
        raise ParameterError(
            f"executor is {type(executor).__name__}, but must be a concurrent.futures.Executor; "
            "a Dask client gives one by client.get_executor()"
        )
    kept = Path(folder) if folder is not None else None
    done: dict[int, FloatArray] = {}
    if kept is not None:
        about = {"sweep": title, "parameters": dict(parameters or {}), "fingerprint": fingerprint(work, shared, parts)}
        done = open_folder(kept, about, len(parts))
    weight = [1] * len(parts) if sizes is None else list(sizes)

    def tell() -> None:
        if progress is not None:
            progress(sum(weight[part] for part in done), sum(weight))

    def finish(part: int, array: FloatArray) -> None:
        array = np.asarray(array, dtype=np.float64)
        if kept is not None:
            keep_part(kept, part, array)
        done[part] = array
        tell()

    if done:
        tell()
    todo = {place: part for place, part in enumerate(parts) if place not in done}
    name = f"of {len(parts)} of {title}"
    if executor is None:
        _run_here(work, shared, todo, finish, name)
    elif todo:
        try:
            _run_elsewhere(executor, work, shared, todo, finish, name)
        except Exception as error:
            if not _is_of_executor(error):
                raise
            go_on = f"are kept in {kept}" if kept is not None else "are done; with a folder they would be kept"
            raise ExecutorError(
                f"{title}: the executor stopped before all parts were done ({type(error).__name__}: {error}); "
                f"{len(done)} of {len(parts)} parts {go_on}, and the same call with folder= goes on from there"
            ) from error
    return [done[place] for place in range(len(parts))]


def _run_here(
    work: Callable[[S, T], FloatArray],
    shared: S,
    todo: Mapping[int, T],
    finish: Callable[[int, FloatArray], None],
    name: str,
) -> None:
    """Work on parts one after the other."""
    for place, part in todo.items():
        try:
            array = work(shared, part)
        except Exception as error:
            error.add_note(f"in part {place + 1} {name}")
            raise
        finish(place, array)


def _run_elsewhere(
    executor: Executor,
    work: Callable[[S, T], FloatArray],
    shared: S,
    todo: Mapping[int, T],
    finish: Callable[[int, FloatArray], None],
    name: str,
) -> None:
    """Hand parts to an executor and finish them as they come; on any error cancel the rest and keep what is done."""
    waiting: dict[Future[FloatArray], int] = {}
    try:
        handed = _handed_over(executor, shared)
        for place, part in todo.items():
            waiting[_submitted(executor, work, handed, part)] = place
        for future in as_completed(list(waiting)):
            place = waiting.pop(future)
            try:
                array = future.result()
            except Exception as error:
                if not _is_of_executor(error):
                    error.add_note(f"in part {place + 1} {name}")
                raise
            finish(place, array)
    except BaseException as error:
        for future in waiting:
            future.cancel()
        if not isinstance(error, FolderError):
            for future, place in waiting.items():
                if future.done() and not future.cancelled() and future.exception() is None:
                    finish(place, future.result())
        raise


def _submitted(executor: Executor, work: Callable[[S, T], FloatArray], shared: S, part: T) -> Future[FloatArray]:
    try:
        return executor.submit(work, shared, part)
    except RuntimeError as error:  # shut down already, or its workers are dead
        raise BrokenExecutor(str(error)) from error


def _handed_over(executor: Executor, shared: S) -> S:
    """Return what stands for the shared arrays in a call: themselves, or on Dask a future each worker reads once.

    Scattered data would be lost with the last worker that holds it; a task's answer is made again.
    """
    if not _is_dask(type(executor)):
        return shared
    from dask import config  # noqa: PLC0415 - here already, where the executor is Dask's

    client = executor._client  # type: ignore[attr-defined]
    with config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}):  # sent once, so no reason to warn
        future: S = client.submit(pickle.loads, pickle.dumps(shared, protocol=5), pure=False)
    return future


def _is_of_executor(error: BaseException) -> bool:
    """Say whether it is the executor that failed, and not the work."""
    return isinstance(error, BrokenExecutor | CancelledError) or _is_dask(type(error))


def _is_dask(kind: type) -> bool:
    """Say whether a class is Dask's, without importing Dask."""
    return kind.__module__.partition(".")[0] == "distributed"
