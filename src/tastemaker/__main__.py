"""Run the command line as ``python -m tastemaker``."""

from __future__ import annotations

from .api.cli.main import main

if __name__ == "__main__":
    main()
