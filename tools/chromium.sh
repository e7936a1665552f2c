#!/usr/bin/env bash
# Prints the path of a Chromium for the browser tests; installs Debian's where there is none.
set -euo pipefail
find_one() {
  if [ -n "${PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH:-}" ]; then
    echo "$PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH"
    return
  fi
  command -v chromium || command -v chromium-browser || command -v google-chrome
}
find_one && exit 0
bash "$(dirname "$0")/apt_install.sh" chromium fonts-dejavu-core && find_one && exit 0
echo "The browser tests need Chromium: install the package chromium, or name one in" >&2
echo "PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH." >&2
exit 1
