"""Whether a version's files are this user's own, made here and not changed since."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from .environments import user_name
from .kept_models import folder_hash
from .stores import in_words, own_address
from .trackers import Tracker
from .versions import Version


def distrust(tracker: Tracker, version: Version, folder: Path) -> str:
    """Give why code of a version may not run, or an empty text where it is this user's own.

    Trusted is what this user registered from a run of this workspace's own store, whose files nobody else may
    write, and which are those that the run told the hash of.
    """
    if tracker.address != own_address():
        return "it is not in this workspace's own store"
    base = Path(own_address().removeprefix("sqlite:///"))
    paths = [base, base.parent, folder, *folder.rglob("*")]
    for path in paths:
        facts = path.lstat()
        if stat.S_ISLNK(facts.st_mode) or facts.st_uid != os.getuid():
            return f"{path.name} is not a file of this user"
        # A group of the user's own name, which systems give each user, is nobody else.
        shared = facts.st_mode & stat.S_IWGRP and facts.st_gid != os.getuid()
        if shared or facts.st_mode & stat.S_IWOTH:
            return f"others may write {path.name}"
    if not version.run or not version.hash:
        return "it does not come from a run that told its hash"
    client = tracker.client(write=False)
    with in_words(tracker.address):
        run = client.get_run(version.run)
    if run.info.user_id != user_name() or (base.parent.resolve() not in folder.resolve().parents):
        return "its run is not this user's in this workspace"
    if folder_hash(folder) != version.hash:
        return "its files changed since it was registered"
    return ""
