"""An identity's digest is the name under which its tokens are kept."""

import torch

from infu_core.identity.identity import Identity


def test_equal_vectors_of_other_weights_have_another_digest():
    vectors = torch.eye(2, 512)
    even, uneven = Identity(vectors, (1.0, 1.0)), Identity(vectors, (1.0, 0.5))
    assert even.digest() == Identity(vectors.clone(), (1.0, 1.0)).digest() != uneven.digest()
