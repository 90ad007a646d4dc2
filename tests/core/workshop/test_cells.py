"""Ways are drawn once: each has a name of its own."""

from infu_core.injection.identity_guidance import IdentityGuidance
from infu_core.injection.injection_settings import InjectionSettings
from workshop.miniature.measuring.cells import Cells


def test_the_same_dial_of_two_places_is_two_ways(monkeypatch):
    cells = object.__new__(Cells)
    cells.subjects, names = [], []
    monkeypatch.setattr(Cells, "given", lambda self, key, *more, **others: names.append(key))
    cells.injected(InjectionSettings(style_alignment=1.0))
    cells.injected(guided=IdentityGuidance(style_alignment=1.0))
    cells.injected(guided=IdentityGuidance(1.5))
    cells.injected(strength=0.5)
    cells.injected()
    assert len(set(names)) == 5
