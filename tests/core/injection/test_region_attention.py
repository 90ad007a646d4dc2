"""One pass for several identities equals a dense mask, exactly; the dense mask is never built in the product."""

import pytest
import torch
import torch.nn.functional as F

from infu_core.injection import region_attention
from infu_core.injection.region_attention import (
    RegionAttention,
    attention_in_slices,
    attention_with_lse,
    gives_what_it_should,
    on_cpu,
)

HEADS, SIZE, IMAGE = 2, 16, 45


def queries(tokens):
    torch.manual_seed(3)
    return [torch.randn(2, HEADS, tokens + IMAGE, SIZE) for _ in range(3)]


def dense_reference(q, k, v, owners, masks):
    tokens = len(owners)
    allowed = torch.zeros(q.shape[2], q.shape[2])
    for token, owner in enumerate(owners.tolist()):
        allowed[tokens:, token] = masks[owner].log()
        allowed[token, tokens:] = masks[owner].log()
        for other, other_owner in enumerate(owners.tolist()):
            allowed[token, other] = 0.0 if owner == other_owner else -torch.inf
    return F.scaled_dot_product_attention(q, k, v, attn_mask=allowed).transpose(1, 2).flatten(2)


@pytest.mark.parametrize("people", [1, 2, 4])
@pytest.mark.parametrize("kind", ["hard", "soft", "gaps"])
def test_equals_a_dense_mask(people, kind):
    torch.manual_seed(people)
    owners = torch.repeat_interleave(torch.arange(people), 8)
    if kind == "soft":
        masks = torch.rand(people, IMAGE)
        masks = masks / masks.sum(0).clamp_min(1)
    else:
        masks = F.one_hot(torch.randint(people, (IMAGE,)), people).T.float()
    if kind == "gaps":
        masks[:, ::3] = 0
    q, k, v = queries(len(owners))
    made = RegionAttention(owners, masks)(q, k, v)
    assert torch.allclose(made, dense_reference(q, k, v, owners, masks), atol=1e-5)


def test_a_mask_of_ones_is_plain_attention():
    q, k, v = queries(8)
    made = RegionAttention(torch.zeros(8, dtype=torch.long), torch.ones(1, IMAGE))(q, k, v)
    plain = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
    assert torch.allclose(made, plain, atol=1e-6)


def test_nobody_reads_another_region():
    """Changing one person's tokens changes nothing in the other's region, in this attention."""
    owners = torch.tensor([0] * 8 + [1] * 8)
    masks = torch.zeros(2, IMAGE)
    masks[0, :20], masks[1, 20:] = 1, 1
    q, k, v = queries(16)
    attention = RegionAttention(owners, masks)
    before = attention(q, k, v)
    k2, v2 = k.clone(), v.clone()
    k2[:, :, 8:16] += 5
    v2[:, :, 8:16] -= 3
    after = attention(q, k2, v2)
    first_region, own_tokens = slice(16, 36), slice(0, 8)
    assert torch.equal(before[:, first_region], after[:, first_region])
    assert torch.equal(before[:, own_tokens], after[:, own_tokens])
    assert not torch.allclose(before[:, 36:], after[:, 36:])


def test_slices_equal_the_fused_kernel():
    q, k, v = queries(0)
    out, lse = attention_with_lse(q, k, v)
    sliced_out, sliced_lse = attention_in_slices(q, k, v, slice_size=7)
    assert torch.allclose(out, sliced_out, atol=1e-6)
    assert torch.allclose(lse, sliced_lse, atol=1e-5)


def test_half_precision_stays_finite_where_nothing_is_seen():
    owners, masks = torch.zeros(8, dtype=torch.long), torch.zeros(1, IMAGE)
    q, k, v = (x.to(torch.bfloat16) for x in queries(8))
    assert torch.isfinite(RegionAttention(owners, masks)(q, k, v)).all()


def broken(q, k, v):
    raise RuntimeError("no such operator")


def changed(q, k, v):
    out, lse = attention_in_slices(q, k, v)
    return out, lse + 1


@pytest.mark.parametrize("kernel", [broken, changed])
def test_a_private_kernel_that_is_gone_or_changed_is_not_used(monkeypatch, kernel):
    q, k, v = torch.randn(3, 2, 4, 30, 16, generator=torch.Generator().manual_seed(0))
    right = attention_with_lse(q, k, v)
    monkeypatch.setattr(region_attention, "kernel_for", lambda q, k, v: kernel)
    for made, expected in zip(attention_with_lse(q, k, v), right, strict=True):
        assert torch.allclose(made, expected, atol=1e-5)


def test_this_pytorchs_kernel_is_used():
    assert gives_what_it_should(on_cpu, torch.device("cpu"), torch.float32, 16)
