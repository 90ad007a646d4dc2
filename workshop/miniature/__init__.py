"""How the miniature was trained and is measured: `train`, `export`, `measure`, and `measuring.bounds`."""
