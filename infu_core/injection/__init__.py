"""How much of an identity's residuals goes where, and when."""
