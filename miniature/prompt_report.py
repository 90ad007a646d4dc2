"""What the miniature understood of a prompt, in words for its author."""

from .networks.text_encoder import LENGTH, Words


def report(words: Words, text: str) -> str:
    """What was understood and what was left out; with words left out, all that are known.

    Raises `ValueError` for more words than are read at a time, instead of dropping the last ones.
    """
    known = [word for word in words.split(text) if word in words.known]
    if len(known) > LENGTH:
        raise ValueError(
            f"The prompt has {len(known)} words that the miniature knows, commas counted, but it reads {LENGTH} at "
            f"most; take {len(known) - LENGTH} out."
        )
    lines = [f"Understood: {' '.join(known).replace(' ,', ',') or 'nothing'}"]
    unknown = words.unknown(text)
    if unknown:
        lines += [f"Not understood, left out: {', '.join(unknown)}"]
        lines += [f"It knows: {' '.join(word for word in words.known if word != ',')}"]
    return "\n\n".join(lines)
