#!/usr/bin/env bash
# Makes a folder for what tests write, and prints its path: in memory where there is room for it.
# Tests make thousands of small stores, and each waits for its disk; on a slow one that is half of their time.
set -euo pipefail
memory=/dev/shm
room_kb=$(df --output=avail "$memory" 2>/dev/null | tail -n 1 || echo 0)
if [ -w "$memory" ] && [ "$room_kb" -gt 6000000 ]; then
  made=$(mktemp -d "$memory/t.XXXXXX")
else
  made=$(mktemp -d)
fi
chmod 755 "$made" # a test looks at its files as somebody else
echo "$made"
