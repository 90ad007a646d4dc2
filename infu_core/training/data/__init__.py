"""Data: pictures to prepared latents and vectors, aspect buckets, pairs, reading ahead."""
