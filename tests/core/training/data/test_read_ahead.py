"""Reading ahead: the same batches, each read once, the next one before it is asked for."""

import pytest
import torch

pytest.importorskip("accelerate")

from infu_core.training.data.read_ahead import ReadAhead  # noqa: E402


class Disk:
    def __init__(self):
        self.read = []

    def __call__(self, step, rank, world):
        self.read.append((step, rank, world))
        if step == 5:
            raise OSError("the disk is gone")
        return {"x": torch.tensor([step, rank, world])}


@pytest.mark.parametrize(("parts", "first"), [(1, 3), (2, 6)])
def test_the_next_share_is_read_before_it_is_asked_for(parts, first):
    disk = Disk()
    ahead = ReadAhead(disk, parts)
    asked = [(step, first + part, 8) for step in range(3) for part in range(parts)]
    for place, share in enumerate(asked):
        assert ahead(*share)["x"].tolist() == list(share)
        ahead._coming[ahead.after(share)].result()
        assert disk.read[: place + 1] == asked[: place + 1] and len(disk.read) == place + 2
    assert disk.read[-1] == (3, first, 8)


def test_another_share_than_the_expected_one_is_read_at_once():
    ahead = ReadAhead(Disk())
    ahead(0, 0, 1)
    assert ahead(3, 0, 1)["x"].tolist() == [3, 0, 1]


def test_a_fault_of_the_disk_is_told_at_the_step_that_it_belongs_to():
    ahead = ReadAhead(Disk())
    ahead(4, 0, 1)
    with pytest.raises(OSError, match="disk"):
        ahead(5, 0, 1)
