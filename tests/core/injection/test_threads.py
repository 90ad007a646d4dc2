"""ComfyUI evaluates on several devices at once: nothing that they share loses a count or mixes two threads' clocks."""

import sys
import threading

import torch
from harness.tiny_injection import network, person, run, step

from infu_core.injection.sampling_record import SamplingRecord
from infu_core.injection.stopwatch import Stopwatch

CPU = torch.device("cpu")
THREADS, TIMES = 4, 200


def together(work) -> None:
    """The same in several threads, which change as often as they can."""
    given, failed = sys.getswitchinterval(), []
    sys.setswitchinterval(1e-6)

    def watched(number):
        try:
            work(number)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=watched, args=(number,)) for number in range(THREADS)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(given)
    assert not failed, failed


def test_evaluations_are_all_counted():
    net, shared = network(), run([person(1)])
    alone = run([person(1)]).residuals(net, step())

    def work(number):
        for _ in range(5):
            made = shared.residuals(net, step())
            assert torch.equal(made.double[0], alone.double[0])

    together(work)
    assert shared.report.evaluations == shared.report.computed == len(shared.report.strengths) == 5 * THREADS


def test_the_base_is_counted():
    record = SamplingRecord()
    together(lambda number: [record.count_base() for _ in range(TIMES)])
    assert record.base_passes == THREADS * TIMES


def test_every_thread_has_a_clock_of_its_own():
    watch = Stopwatch()

    def work(number):
        for _ in range(TIMES):
            with watch.measuring(f"outer {number}", CPU), watch.measuring(f"inner {number}", CPU):
                assert [name for name, _ in watch.running] == [f"outer {number}", f"inner {number}"]

    together(work)
    assert set(watch.seconds()) == {f"{place} {number}" for place in ("outer", "inner") for number in range(THREADS)}
