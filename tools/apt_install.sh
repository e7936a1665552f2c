#!/usr/bin/env bash
# Installs Debian packages where we may: as root, or with a sudo that asks nothing.
set -euo pipefail
command -v apt-get > /dev/null || exit 1
if [ "$(id -u)" = 0 ]; then sudo=(); elif sudo -n true 2>/dev/null; then sudo=(sudo -n); else exit 1; fi
echo "Installing $* with apt" >&2
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get update -qq >&2
"${sudo[@]}" apt-get install -y -qq --no-install-recommends "$@" >&2
