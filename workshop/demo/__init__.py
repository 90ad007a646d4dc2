"""The contact sheet that `make demo` leaves: `python -m workshop.demo.run`."""
