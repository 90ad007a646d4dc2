"""How stage 1 of the miniature begins."""

import pytest
import torch
from torch.nn.functional import normalize

for package in ("accelerate", "cv2"):
    pytest.importorskip(package)

from infu_core.networks.identity_projector import IdentityProjector, IdentityProjectorConfig  # noqa: E402
from infu_core.training.identity_objective import begin_projector  # noqa: E402
from workshop.miniature.training.identity_stages import begin_telling_apart  # noqa: E402

PEOPLE = normalize(torch.randn(64, 1, 512, generator=torch.Generator().manual_seed(0)), dim=-1)


def spread(projector) -> float:
    """How much a token differs from person to person; a token as a whole has unit deviation."""
    with torch.no_grad():
        return float(projector(PEOPLE).std(0).mean())


def test_tokens_tell_people_apart_from_the_first_step_on():
    torch.manual_seed(0)
    projector = IdentityProjector(
        IdentityProjectorConfig(
            embedding_size=512, context_size=64, tokens=8, width=128, depth=2, heads=2, head_size=64
        )
    )
    begin_projector(projector)
    as_published = spread(projector)
    begin_telling_apart(projector)
    assert spread(projector) > 0.8 > 2 * as_published
