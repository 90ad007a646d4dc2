"""The only files that may name a host: ComfyUI and diffusers."""
