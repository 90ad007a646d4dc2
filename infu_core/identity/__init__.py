"""The value that stands for a person: made from photos, kept in files, mixed and compared."""
