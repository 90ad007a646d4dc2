"""InfU nodes: identity-preserving FLUX for ComfyUI.

ComfyUI calls `comfy_entrypoint`; everything else is imported inside it, so that importing this
folder costs nothing and tests can import `infu_core` without ComfyUI.
"""

WEB_DIRECTORY = "./web"


async def comfy_entrypoint():
    """Return the extension that lists the pack's nodes (see `nodes/__init__.py`)."""
    import logging

    try:
        from .nodes import InfuExtension
    except ImportError:
        # ComfyUI prints an ImportError as one line without its traceback; the cause belongs in the log.
        logging.getLogger(__name__).exception("InfU nodes could not be imported")
        raise
    return InfuExtension()
