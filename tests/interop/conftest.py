"""Programs that we did not write. `make interop` installs them and plays everything; without it only Kamailio's short list runs.

The strangers of PyPI live in a virtual environment of their own, since one of them brings a package named `tests`; NPV_INTEROP
is its interpreter.
"""

from __future__ import annotations

import os

STRANGERS = os.environ.get("NPV_INTEROP", "")
collect_ignore = (
    [] if STRANGERS else ["test_baresip.py", "test_conformance.py", "test_pjsip.py", "test_pyvoip.py", "test_sippy.py"]
)
