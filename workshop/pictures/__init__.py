"""The pictures that people see of the pack: screenshots of the real page, icon and banner."""
