"""Where the pack is made and proven. Nothing that ships imports it.

Every command runs from the repository's root, as `python -m workshop....`; the tests' harness is at hand as `harness`.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).absolute().parents[1]

if str(ROOT / "tests") not in sys.path:
    sys.path.insert(0, str(ROOT / "tests"))
