"""What the miniature understood of a prompt, in words for its author."""

from .networks.text_encoder import Words


def report(words: Words, text: str) -> str:
    """What was understood and what was left out; with words left out, all that are known.

    Raises `ValueError` for more words than are read at a time, instead of dropping the last ones.
    """
    known, most = [word for word in words.split(text) if word in words.known], words.length(text)
    if len(known) > most:
        raise ValueError(
            f"The prompt has {len(known)} words that the miniature knows, commas counted, but it reads {most} at "
            f"most; take {len(known) - most} out."
        )
    lines = [f"Understood: {' '.join(known).replace(' ,', ',') or 'nothing'}"]
    unknown = words.unknown(text)
    if unknown:
        lines += [f"Not understood, left out: {', '.join(unknown)}"]
        lines += [f"It knows: {' '.join(word for word in words.known if word != ',')}"]
    return "\n\n".join(lines)
