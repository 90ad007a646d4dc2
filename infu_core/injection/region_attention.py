"""Several identities in one InfuseNet pass: image tokens of a region see only that region's identity.

FaceStudio section 3.3, carried to joint attention. Attention over the image keys keeps its fast kernel; a tiny
attention over the identity keys is merged with it by log-sum-exp, which is exact. A soft mask value m enters as a
bias log(m) on the logits, so that 1 is the plain attention and 0 is unseen, in both directions.

Legend for shapes: `B` batch, `N` identity tokens of all people, `L` image tokens, `T` = N + L, `k` people.
"""

import logging
import math
from collections.abc import Callable
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

log = logging.getLogger(__name__)

Kernel = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


class RegionAttention:
    """`owners` [N]: which person each identity token belongs to. `masks` [k, L] in 0..1."""

    def __init__(self, owners: Tensor, masks: Tensor):
        self.tokens = len(owners)
        self.token_bias = masks.float().log()[owners]  # [N, L]
        strangers = owners[:, None] != owners[None, :]
        own_bias = torch.zeros(strangers.shape, device=masks.device).masked_fill(strangers, -math.inf)
        self.identity_bias = torch.cat((own_bias, self.token_bias), dim=1)  # [N, N + L]

    def __call__(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """[B, heads, T, d] three times, identity tokens first -> [B, T, heads * d]."""
        identity_q, image_q = q.split((self.tokens, q.shape[2] - self.tokens), dim=2)
        identity_k, image_k = k.split((self.tokens, k.shape[2] - self.tokens), dim=2)
        identity_v, image_v = v.split((self.tokens, v.shape[2] - self.tokens), dim=2)

        from_identities = F.scaled_dot_product_attention(identity_q, k, v, attn_mask=self.identity_bias.to(q.dtype))

        over_image, image_lse = attention_with_lse(image_q, image_k, image_v)
        logits = (image_q @ identity_k.transpose(-1, -2)).float() / math.sqrt(q.shape[-1]) + self.token_bias.T
        lse = torch.logaddexp(image_lse, logits.logsumexp(dim=-1))
        over_identities = (logits - lse[..., None]).exp().to(v.dtype) @ identity_v
        image = over_image * (image_lse - lse).exp()[..., None].to(v.dtype) + over_identities

        return torch.cat((from_identities, image), dim=2).transpose(1, 2).flatten(2)


def attention_with_lse(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """Attention and the log-sum-exp of its logits, [B, heads, L, d] and [B, heads, L] float32, by a fused kernel."""
    kernel = kernel_for(q, k, v)
    if kernel and gives_what_it_should(kernel, q.device, q.dtype, q.shape[-1]):
        return kernel(q, k, v)
    return attention_in_slices(q, k, v)


def kernel_for(q: Tensor, k: Tensor, v: Tensor) -> Kernel | None:
    """PyTorch's own, which no public function hands out together with the log-sum-exp."""
    if q.device.type == "cpu":
        return on_cpu
    if q.device.type == "cuda":
        params = torch.backends.cuda.SDPAParams(q, k, v, None, 0.0, False, False)
        if torch.backends.cuda.can_use_flash_attention(params):
            return by_flash
        if torch.backends.cuda.can_use_efficient_attention(params):
            return by_efficient
    return None


def on_cpu(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    return torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(q, k, v)[:2]


def by_flash(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    return torch.ops.aten._scaled_dot_product_flash_attention(q, k, v)[:2]


def by_efficient(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    out, lse = torch.ops.aten._scaled_dot_product_efficient_attention(q, k, v, None, True)[:2]
    return out, lse[..., : q.shape[2]]


@lru_cache
def gives_what_it_should(kernel: Kernel, device: torch.device, dtype: torch.dtype, head: int) -> bool:
    """Private operators may change or go with any PyTorch: each is tried once, on a few numbers."""
    q, k, v = torch.linspace(-1, 1, 3 * 4 * head, device=device).reshape(3, 1, 1, 4, head).to(dtype)
    right = attention_in_slices(q, k, v)
    try:
        made = kernel(q, k, v)
        near = all(
            torch.allclose(one.float(), other.float(), atol=2e-2) for one, other in zip(made, right, strict=True)
        )
    except Exception as error:  # whatever a missing or changed operator raises
        log.info(
            "PyTorch's attention kernel %s can't be used (%s); regions attend more slowly.", kernel.__name__, error
        )
        return False
    if not near:
        log.info("PyTorch's attention kernel %s gives other numbers; regions attend more slowly.", kernel.__name__)
    return near


def attention_in_slices(q: Tensor, k: Tensor, v: Tensor, slice_size: int = 512) -> tuple[Tensor, Tensor]:
    """The same on devices without such a kernel: plain softmax, a slice of queries at a time."""
    outs, lses = [], []
    for part in q.split(slice_size, dim=2):
        logits = (part @ k.transpose(-1, -2)).float() / math.sqrt(q.shape[-1])
        lse = logits.logsumexp(dim=-1)
        outs.append((logits - lse[..., None]).exp().to(v.dtype) @ v)
        lses.append(lse)
    return torch.cat(outs, dim=2), torch.cat(lses, dim=2)
