"""Words to conditioning: a closed vocabulary, two small transformer layers, a context and a pooled vector.

Legend for shapes: `B` batch, `T` words, 40 at most, `C` context, `P` pooled.
"""

import torch
from torch import Tensor, nn

from ..edition import edition_of
from ..faces.captions import vocabulary

LENGTH = 40
EMPTY = 0  # the index of "no word here"


class Words:
    """The vocabulary: text to indices, and which words were not understood.

    `count`: of a trained encoder's rows, `EMPTY`'s among them; an earlier edition knows fewer words.
    """

    def __init__(self, count: int | None = None):
        known = vocabulary() if count is None else vocabulary()[: count - 1]
        self.known = {word: index + 1 for index, word in enumerate(known)}
        self.places = edition_of(len(self)).places

    def __len__(self) -> int:
        return len(self.known) + 1

    def split(self, text: str) -> list[str]:
        return text.lower().replace(",", " , ").replace(".", " ").split()

    def unknown(self, text: str) -> list[str]:
        """The words of the text that the miniature has never seen, in order, each once."""
        return list(dict.fromkeys(word for word in self.split(text) if word not in self.known))

    def length(self, text: str) -> int:
        """How many words a text is read in, empty ones after it counted: more where it names two people."""
        words = self.split(text)
        return self.places["people" in words or sum(words.count(noun) for noun in ("man", "woman")) > 1]

    def indices(self, text: str, length: int = LENGTH) -> list[int]:
        """[length] indices; unknown words are left out, what is too long is cut."""
        found = [self.known[word] for word in self.split(text) if word in self.known][:length]
        return found + [EMPTY] * (length - len(found))


class TextEncoder(nn.Module):
    def __init__(self, words: int, context_size: int = 64, pooled_size: int = 64, layers: int = 2):
        super().__init__()
        self.word = nn.Embedding(words, context_size)
        self.place = nn.Parameter(torch.randn(LENGTH, context_size) * 0.3)
        layer = nn.TransformerEncoderLayer(
            context_size, 4, 2 * context_size, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(context_size)
        self.pool = nn.Linear(context_size, pooled_size)

    def forward(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Word indices [B, T] -> context [B, T, C], pooled [B, P]; T is `LENGTH` or fewer."""
        context = self.norm(self.layers(self.word(indices) + self.place[: indices.shape[1]]))
        return context, self.pool(context.mean(1))
