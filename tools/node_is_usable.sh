#!/usr/bin/env bash
# Succeeds when node and npm are there and new enough for the build.
set -euo pipefail
command -v npm > /dev/null
node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)'
