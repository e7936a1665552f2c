"""``python -m astrodata_kernel.commands`` is the command ``astrodata``."""

import sys

from . import main

sys.exit(main())
