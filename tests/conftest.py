"""What every tier shares: the import paths, and skips that cannot be overlooked.

Tiers are folders: `core` (torch only), `parity` (diffusers, insightface, facexlib), `host` (a ComfyUI checkout).
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

_skips: Counter = Counter()


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
    report = outcome.get_result()
    if report.skipped:
        _count_skip(report, Path(collector.path))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.skipped and not hasattr(report, "wasxfail"):
        _count_skip(report, item.path)


def _count_skip(report, path: Path):
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    tier = _tier(reason.removeprefix("Skipped: "), path)
    if tier in REQUIRED:
        report.outcome = "failed"
        report.longrepr = f"INFU_REQUIRE={','.join(sorted(REQUIRED))} allows no skip here: {path.name}: {reason}"
    else:
        _skips[tier] += 1


def _tier(reason: str, path: Path) -> str:
    if reason.startswith("["):
        return reason[1:].split("]")[0]
    return path.relative_to(TESTS).parts[0] if path.is_relative_to(TESTS) else "other"


def pytest_terminal_summary(terminalreporter):
    for tier, count in sorted(_skips.items()):
        terminalreporter.write_line(f"SKIPPED: {count} {tier.upper()} TESTS WERE NOT RUN", red=True, bold=True)
