"""Programs that we did not write. `make interop` installs them and plays everything; without it only Kamailio's short list runs."""

from __future__ import annotations

import os

EVERYTHING = bool(os.environ.get("NPV_INTEROP"))
collect_ignore = [] if EVERYTHING else ["test_phones.py", "test_sippy.py"]
