"""Jobs on the workers of a Dask cluster.

The scheduler keeps no more jobs than its workers can begin soon, so its memory does not grow with the case. A job
whose worker dies is run again by the scheduler; if the scheduler dies, or every worker, what is left is solved on
this machine.
"""

from __future__ import annotations

import pickle
import queue
import time
import uuid
from collections.abc import Generator, Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

import loky

from districting.engines.job import Job, Solved, Telling
from districting.engines.processes import solve_in_processes
from districting.engines.program import differences, figures_of_program
from districting.errors import Fault, InputError
from districting.progress import Step, Stop
from districting.solvers.result import Result

if TYPE_CHECKING:
    import distributed

#: Seconds to reach the scheduler, and to wait for a first worker or for one after the last has gone.
CONNECT_S, WORKERS_S = 10.0, 30.0
#: Jobs under way for each worker: one at work and one at hand.
_AT_HAND = 2
_POLL_S = 0.2
#: Seconds between two questions to the scheduler who works for it.
_MUSTER_S = 1.0
#: Seconds that a finished result may take to arrive.
_FETCH_S = 30.0


def solve_on_cluster(
    jobs: Iterable[Job], *, address: str, telling: Telling, stop: Stop
) -> Generator[Solved, None, None]:
    """Results as they come from the workers of the scheduler at ``address``.

    Parameters
    ----------
    address
        ``"tcp://host:port"``, or ``"tls://host:port"`` with the certificates of Dask's configuration. The workers
        must run one thread each and the same program as we do.

    Raises
    ------
    InputError
        If dask.distributed is not installed, an encrypted cluster is asked for without a certificate, nobody
        answers at the address, no worker is there, or a worker runs another program or several threads.
    """
    try:
        import dask
        import distributed
    except ImportError as error:
        raise InputError([Fault("fault.cluster_missing", {"address": address})]) from error
    if address.startswith("tls://") and not dask.config.get("distributed.comm.tls.client.cert", None):
        raise InputError([Fault("fault.cluster_certificate", {"address": address})])
    # problems are matrices; the scheduler's advice against large arguments is for people who call it in a loop
    quiet = dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 GiB"})
    try:
        client = distributed.Client(address, timeout=CONNECT_S, set_as_default=False, name="districting")
    except (OSError, TimeoutError, ValueError) as error:
        raise InputError([Fault("fault.cluster_silent", {"address": address, "why": str(error)})]) from error
    with quiet, client:
        run = _Run(client, address)
        run.check_workers()
        yield from run.solve(iter(jobs), telling, stop)


class _Run:
    """One call of the engine: its client, what is under way, and what the workers have said."""

    def __init__(self, client: distributed.Client, address: str) -> None:
        self.client = client
        self.address = address
        self.topic = f"districting-{uuid.uuid4().hex}"
        self.said: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self.under_way: dict[int, tuple[Job, distributed.Future[Any]]] = {}
        self.sent = 0
        #: Address → whether it can give the same plans.
        self.workers: dict[str, bool] = {}
        self.told_to_end: set[str] = set()
        self.mustered = self.manned = time.monotonic()

    def check_workers(self) -> None:
        """Refuse, in one go, every worker that cannot give the same plans."""
        import distributed

        try:
            self.client.wait_for_workers(1, timeout=WORKERS_S)
        except (TimeoutError, distributed.TimeoutError) as error:
            raise InputError([Fault("fault.cluster_empty", {"address": self.address})]) from error
        faults = self._muster()
        if faults:
            raise InputError(faults)

    def solve(self, jobs: Iterator[Job], telling: Telling, stop: Stop) -> Generator[Solved, None, None]:
        """Hand jobs out, pass on what is said, take results in; what a cluster that is gone leaves, here."""
        numbered = enumerate(jobs)
        again: list[tuple[int, Job]] = []
        self._subscribe()
        try:
            while True:
                if not self._is_manned():
                    left = [(number, job) for number, (job, _) in self.under_way.items()]
                    rest = (job for _, job in chain(left, again, numbered))
                    yield from solve_in_processes(rest, workers=loky.cpu_count(), telling=telling, stop=stop)
                    return
                if stop():
                    self._end_run()
                    yield from (telling.ended(job, job.unsolved("stopped")) for _, job in chain(again, numbered))
                    again = []
                while len(self.under_way) < _AT_HAND * max(sum(self.workers.values()), 1):
                    number, job = again.pop(0) if again else next(numbered, (-1, None))
                    if job is None:
                        break
                    self._submit(number, job)
                if not self.under_way:
                    return
                self._listen(telling)
                for number in self._finished():
                    job, future = self.under_way[number]
                    if future.status == "cancelled":  # the scheduler was lost for a while
                        del self.under_way[number]
                        again.append((number, job))
                        self._subscribe()
                    elif (result := _fetch(job, future)) is not None:
                        del self.under_way[number]
                        yield telling.ended(job, result)
        finally:
            self._let_go()

    def _subscribe(self) -> None:
        """Listen to what the workers say in this run."""
        self.client.subscribe_topic(self.topic, lambda event: self.said.put(event[1]))

    def _submit(self, number: int, job: Job) -> None:
        """Send one job off."""
        from districting.engines.remote import solve_there

        self.sent += 1
        future = self.client.submit(
            solve_there,
            pickle.dumps(job, protocol=5),
            number,
            self.topic,
            figures_of_program(),
            key=f"{self.topic}-{self.sent}",
            pure=False,
        )
        self.under_way[number] = (job, future)

    def _listen(self, telling: Telling) -> None:
        """Pass on what was said, waiting a moment for the first word."""
        try:
            said = self.said.get(timeout=_POLL_S)
            while True:
                if said["number"] in self.under_way:
                    telling.heard(self.under_way[said["number"]][0], Step(**said["step"]))
                said = self.said.get_nowait()
        except queue.Empty:
            return

    def _finished(self) -> list[int]:
        """Numbers of jobs that are at an end, one way or other. A result that got lost is being made again."""
        ended = ("finished", "error", "cancelled")
        return sorted(number for number, (_, future) in self.under_way.items() if future.status in ended)

    def _is_manned(self) -> bool:
        """Whether the cluster works; for a while after the last worker has gone it is given time to come back."""
        now = time.monotonic()
        if now - self.mustered >= _MUSTER_S:
            try:
                self._muster()
            except (OSError, TimeoutError):  # the scheduler does not answer
                self.workers = {}
            self.mustered = now
        if any(self.workers.values()):
            self.manned = now
        return now - self.manned < WORKERS_S and self.client.status not in ("closing", "closed")

    def _muster(self) -> list[Fault]:
        """Ask who works; look closely at those not seen before and say what is wrong with them."""
        threads = self.client.nthreads()
        new = sorted(set(threads) - set(self.workers))
        faults = [
            Fault("fault.cluster_threads", {"worker": worker, "threads": threads[worker]})
            for worker in new
            if threads[worker] > 1
        ]
        programs = self.client.run(figures_of_program, workers=new, on_error="return") if new else {}
        for worker, theirs in sorted(programs.items()):
            if not isinstance(theirs, dict):
                faults.append(Fault("fault.cluster_absent", {"worker": worker, "why": str(theirs)}))
                continue
            faults += [
                Fault("fault.cluster_differs", {"worker": worker, "name": name, "theirs": other, "ours": own})
                for name, (other, own) in differences(theirs).items()
            ]
        wrong = {fault.values["worker"] for fault in faults}
        self.workers = {worker: self.workers.get(worker, worker not in wrong) for worker in threads}
        return faults

    def _end_run(self) -> None:
        """Let every worker hand in its best plans, those that have come since the last call included."""
        from districting.engines.remote import end_run

        new = sorted({worker for worker, fits in self.workers.items() if fits} - self.told_to_end)
        if new:
            self.client.run(end_run, self.topic, workers=new, on_error="ignore")
            self.told_to_end |= set(new)

    def _let_go(self) -> None:
        """Take back what is under way: whoever works on it ends within a second."""
        if self.under_way and self.client.status == "running":
            self.client.cancel([future for _, future in self.under_way.values()])


def _fetch(job: Job, future: distributed.Future[Any]) -> Result | None:
    """The result of a job that has ended; None if it got lost on the way and is being made again."""
    import distributed

    try:
        result: Result = future.result(timeout=_FETCH_S)
    except (TimeoutError, distributed.TimeoutError):
        return None
    except distributed.KilledWorker:  # the scheduler has tried it on several
        return job.unsolved("workers lost")
    return result
