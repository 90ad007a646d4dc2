"""The graphs of `workflows/`, held once and written in both formats: `python -m workshop.workflows.build`."""
