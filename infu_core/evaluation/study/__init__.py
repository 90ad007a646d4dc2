"""What is compared: people, prompts, methods, comparisons, and the cells that follow from them."""
