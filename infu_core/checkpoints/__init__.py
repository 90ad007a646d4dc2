"""Published and converted weight files: recognised by keys and shapes, loaded safely."""
