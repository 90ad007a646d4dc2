"""Scores become claims: one table of figures (report.json) and one page to read (report.html)."""
