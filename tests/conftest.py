"""What every tier shares: the import paths, and skips that cannot be overlooked.

Tiers are folders: `core` (torch only), `parity` (diffusers, insightface, facexlib), `host` (a ComfyUI checkout),
`browser` (that and a Chromium), `behaviour` (the miniature's trained weights), `weights` (photos and networks from
packages).
A test that lacks what its tier needs is skipped, and the last lines of the run count such skips in capitals.
`INFU_REQUIRE=host,parity` turns every skip of those tiers into a failure; a skip whose reason starts with
`[tier]` belongs to that tier instead of its folder's (`[host-0.14]`: a second, old checkout).
"""

import os
import sys
from collections import Counter
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROOT = TESTS.parent
REQUIRED = {tier.strip() for tier in os.environ.get("INFU_REQUIRE", "").split(",") if tier.strip()}

# Tiny tensors gain nothing from threads, and on a busy machine waiting for each other costs five times the work.
os.environ.setdefault("OMP_NUM_THREADS", "1")

for path in (TESTS, ROOT):
    if str(path) not in sys.path:
        sys.path.insert(0, str(path))

from harness.checkout import find_comfyui, find_old_comfyui  # noqa: E402

COMFYUI = find_comfyui()
if COMFYUI:
    # Before the root: `import nodes` must mean ComfyUI's nodes.py, never our folder.
    sys.path.insert(0, str(COMFYUI))

_skips: dict[str, str] = {}  # test: its tier


def pytest_report_header():
    old = find_old_comfyui()
    return [
        f"ComfyUI: {COMFYUI or 'NONE FOUND, HOST TESTS ARE SKIPPED (set COMFYUI_PATH)'}",
        f"ComfyUI 0.14: {old or 'none found (COMFYUI_OLD_PATH), its tests are skipped'}",
        f"INFU_REQUIRE: {', '.join(sorted(REQUIRED)) or 'nothing, skips are allowed'}",
    ]


@pytest.fixture(scope="session")
def comfyui_path() -> Path:
    """The ComfyUI checkout; tests that ask for it are skipped where there is none."""
    if COMFYUI is None:
        pytest.skip("[host] no ComfyUI checkout was found (set COMFYUI_PATH)")
    return COMFYUI


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector):
    outcome = yield
    _refuse_if_required(outcome.get_result())


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    _refuse_if_required(outcome.get_result())


# Counted where reports arrive, not where tests run: with `-n 2` that is another process.
def pytest_collectreport(report):
    _count_skip(report)


def pytest_runtest_logreport(report):
    _count_skip(report)


def _refuse_if_required(report):
    if _is_skip(report) and _tier(report) in REQUIRED:
        report.outcome = "failed"
        report.longrepr = (
            f"INFU_REQUIRE={','.join(sorted(REQUIRED))} allows no skip here: {report.nodeid}: {_reason(report)}"
        )


def _count_skip(report):
    if _is_skip(report):
        _skips[report.nodeid] = _tier(report)


def _is_skip(report) -> bool:
    return report.skipped and not hasattr(report, "wasxfail")


def _reason(report) -> str:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return reason.removeprefix("Skipped: ")


def _tier(report) -> str:
    if _reason(report).startswith("["):
        return _reason(report)[1:].split("]")[0]
    parts = Path(report.nodeid.split("::")[0]).parts
    return parts[1] if len(parts) > 1 and parts[0] == "tests" else "other"


def pytest_terminal_summary(terminalreporter):
    for tier, count in sorted(Counter(_skips.values()).items()):
        terminalreporter.write_line(f"SKIPPED: {count} {tier.upper()} TESTS WERE NOT RUN", red=True, bold=True)
