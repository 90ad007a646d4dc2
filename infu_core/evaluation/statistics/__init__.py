"""How sure a difference is: tests by the textbook, and one verdict for each comparison."""
