"""The table of faults fits the code: what each replaces stands there once, and the named tests exist."""

import pytest

from workshop import ROOT
from workshop.mutants import MUTANTS


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_finds_its_place(mutant):
    assert (ROOT / mutant.file).read_text(encoding="utf-8").count(mutant.written) == 1
    assert mutant.mutated != mutant.written and (ROOT / mutant.tests).is_file()
