"""``python -m astrodata_kernel.commands`` is the command ``astrodata``."""

import sys

from . import main

if __name__ == "__main__":
    sys.exit(main())
