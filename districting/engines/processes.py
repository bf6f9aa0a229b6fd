"""Jobs on worker processes of this machine.

Every worker has a line of its own, so a worker that the system kills takes one job with it and no more: the job
is put back and a new worker takes the place. A worker whose parent is gone hears it on the same line and ends.
"""

from __future__ import annotations

import signal
import time
import traceback
from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import Any

from loky.backend import get_context

from districting.engines.job import MOST_LOSSES, Job, Solved, Telling
from districting.errors import SolverError
from districting.progress import Step, Stop

#: Seconds between two looks at the line or at the user's wish.
POLL_S = 0.2
#: Seconds that a worker has to end by itself once its line is closed.
_GRACE_S = 2.0
#: Workers that end before they can begin, in a row, after which no more are started.
_STILLBORN = 3

_STOP = "stop"


def solve_in_processes(
    jobs: Iterable[Job], *, workers: int, telling: Telling, stop: Stop
) -> Generator[Solved, None, None]:
    """Results as they come. Jobs are taken one at a time, when a worker is free.

    A job that costs a worker is tried again, the last time with nobody beside it; one that costs `MOST_LOSSES`
    workers ends as ``unknown``. After a stop running jobs hand in their best plan and the others are not begun.

    Raises
    ------
    SolverError
        If no worker can be started; and whatever a job raises.
    """
    queue = _Queue(jobs)
    lanes = [_Lane() for _ in range(workers)]
    stillborn, stopped = 0, False
    try:
        while True:
            if not stopped and stop():
                stopped = True
                for lane in lanes:
                    lane.ask_to_stop()
            if stopped:
                for job in queue.rest():
                    yield telling.ended(job, job.unsolved("stopped"))
            for lane in lanes:
                if lane.free and (next_job := queue.take(alone=not any(one.job for one in lanes))):
                    lane.give(next_job)
            if queue.empty and not any(lane.job for lane in lanes):
                return
            for lane in _speaking(lanes):
                message = lane.hear()
                if message is None:  # the worker is dead
                    stillborn = stillborn + 1 if not lane.born else 0
                    if lane.job is not None and not queue.put_back(lane.job):
                        yield telling.ended(lane.job, lane.job.unsolved("workers lost"))
                    lane.end()
                    lanes[lanes.index(lane)] = _Lane()
                elif isinstance(message, Step) and lane.job is not None:
                    telling.heard(lane.job, message)
                elif isinstance(message, BaseException):
                    raise message
                elif lane.job is not None:
                    job, lane.job = lane.job, None
                    yield telling.ended(job, message)
            if stillborn >= _STILLBORN:
                raise SolverError("worker processes end before they can begin; --engine serial does without them")
    finally:
        for lane in lanes:
            lane.end()


class _Queue:
    """What is still to be done: new jobs, jobs that lost a worker, and jobs that are to run alone."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._new = iter(jobs)
        self._again: deque[Job] = deque()
        self._alone: deque[Job] = deque()
        self._losses: Counter[tuple[str, str]] = Counter()
        self._drained = False

    @property
    def empty(self) -> bool:
        """Whether nothing is left to hand out."""
        return self._drained and not self._again and not self._alone

    def take(self, *, alone: bool) -> Job | None:
        """The next job; one that is to run alone only where nobody works."""
        if self._again:
            return self._again.popleft()
        job = next(self._new, None)
        self._drained = job is None
        if job is None and alone and self._alone:
            return self._alone.popleft()
        return job

    def put_back(self, job: Job) -> bool:
        """Keep a job that lost its worker for another try; False if it has had them all."""
        self._losses[job.key] += 1
        if self._losses[job.key] >= MOST_LOSSES:
            return False
        (self._alone if self._losses[job.key] == MOST_LOSSES - 1 else self._again).append(job)
        return True

    def rest(self) -> Iterator[Job]:
        """Everything left, and nothing afterwards."""
        again, alone = list(self._again), list(self._alone)
        self._again.clear()
        self._alone.clear()
        self._drained = True
        return chain(again, alone, self._new)


class _Lane:
    """One worker, the line to it, and the job it works on."""

    def __init__(self) -> None:
        self.line, theirs = Pipe()
        self.job: Job | None = None
        self.born = False
        self.process = get_context("loky").Process(target=_serve, args=(theirs,), daemon=True)
        with _interrupts_held():
            self.process.start()
        theirs.close()

    @property
    def free(self) -> bool:
        """Whether it waits for a job."""
        return self.born and self.job is None

    def give(self, job: Job) -> None:
        """Let it work."""
        self.job = job
        with suppress(OSError):  # dead: the line says so when it is read
            self.line.send(job)

    def ask_to_stop(self) -> None:
        """Let it hand in the best plan it has."""
        with suppress(OSError):
            self.line.send(_STOP)

    def hear(self) -> Any:
        """What it says: a step, a result, an error; None if it is dead."""
        try:
            message = self.line.recv()
        except (EOFError, OSError):
            return None
        if message is True:
            self.born = True
        return message

    def end(self) -> None:
        """Let go of the worker."""
        self.line.close()
        if self.job is None and self.born:
            self.process.join(_GRACE_S)
        self.process.terminate()
        self.process.join()


def _speaking(lanes: list[_Lane]) -> list[_Lane]:
    """Lanes with something to hear, waited for a moment."""
    lines = set(wait([lane.line for lane in lanes], timeout=POLL_S))
    return [lane for lane in lanes if lane.line in lines]


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Children begun in the block are born deaf to Ctrl-C: they are to hand in their best plan, not to die."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(line: Connection) -> None:
    """What a worker does: jobs, until the line is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    wish = _Wish(line)
    with suppress(EOFError, OSError):  # the parent is gone
        line.send(True)
        while True:
            job = line.recv()
            if job == _STOP:
                wish.wanted = True
                continue
            try:
                answer: object = job.run(progress=wish.tell, stop=wish)
            except Exception as error:  # noqa: BLE001  # it is the parent's, who raises it
                error.add_note(f"in the worker, {job.where}:\n{traceback.format_exc()}")
                answer = error
            line.send(answer)


class _Wish:
    """The parent's wish to stop, heard on the line, and the way back for signs of life."""

    def __init__(self, line: Connection) -> None:
        self.line = line
        self.wanted = False
        self._asked = 0.0

    def __call__(self) -> bool:
        """Whether to end; looks at the line now and then. A parent that is gone wants an end, too."""
        now = time.monotonic()
        if not self.wanted and now - self._asked >= POLL_S:
            self._asked = now
            try:
                self.wanted = self.line.poll() and self.line.recv() == _STOP
            except (EOFError, OSError):
                self.wanted = True
        return self.wanted

    def tell(self, step: Step) -> None:
        """Pass on a sign of life."""
        with suppress(OSError):
            self.line.send(step)
