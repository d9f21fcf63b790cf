"""`python -m proxy` and the `npv-proxy` command."""

from __future__ import annotations

from proxy.runtime.cli import main

if __name__ == "__main__":
    main()
