"""The loop: run, optimiser, averaged weights, snapshots, sharding, progress."""
