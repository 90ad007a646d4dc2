"""The engine of the pack: torch, einops, safetensors and numpy; ComfyUI only inside `hosts/comfyui_*.py`."""
