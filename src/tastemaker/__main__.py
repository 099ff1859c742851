"""Run the command line as ``python -m tastemaker``."""

from __future__ import annotations

from .api.cli import main

if __name__ == "__main__":
    main()
