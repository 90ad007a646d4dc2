"""Give the prompt's style back: take a share of the residuals' token mean away.

Infinite-ID section 3.3, AdaIN-mean: AdaIN-m(x, y) = x - mean(x) + mean(y), per channel over tokens. With x = h + sR
(the host's hidden state and our residual) and y = h it is h + s(R - mean(R)): no second stream is needed.
"""

from torch import Tensor

from ..residuals import Residuals


def align_style(residuals: Residuals, share: float, masks: Tensor | None = None) -> Residuals:
    """Remove `share` (0..1) of the mean over tokens, per channel, from each residual [B, L, D].

    `masks` [k, L]: each person's mean is taken over, and removed within, its own region; None is the whole picture.
    A share of 0 returns the residuals as they are.
    """
    if share == 0:
        return residuals
    if masks is None:
        return residuals.map(lambda residual: residual - share * residual.mean(dim=1, keepdim=True))
    weights = masks / masks.sum(dim=1, keepdim=True)  # [k, L], a mean per person

    def align(residual: Tensor) -> Tensor:
        means = weights.to(residual) @ residual  # [B, k, D]
        return residual - share * (masks.to(residual).T @ means)

    return residuals.map(align)
