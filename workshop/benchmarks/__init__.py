"""Cost, beside the bare model and the official pack in the same run. Benchmarks, never timed tests."""
