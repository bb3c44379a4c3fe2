"""Copies the files that sources.json names from checkouts of their repositories: collect.py CHECKOUTS FOLDER

CHECKOUTS has a clone of each repository as OWNER/NAME, or as OWNER+NAME/repo. Only the footer of a Parquet file is copied.
"""

import json
import subprocess
import sys
from pathlib import Path

checkouts, folder = map(Path, sys.argv[1:])
for source in json.loads((Path(__file__).parent / "sources.json").read_text()):
    owner, name = source["repository"].split("/")
    places = [checkouts / owner / name, checkouts / f"{owner}+{name}" / "repo"]
    clone = next(place for place in places if place.exists())
    for path in source["files"]:
        data = subprocess.run(
            ["git", "-C", clone, "show", f"{source['commit']}:{path}"], check=True, capture_output=True
        ).stdout
        if data.startswith(b"PAR") and data[-4:] in (b"PAR1", b"PARE"):
            length = int.from_bytes(data[-8:-4], "little") + 8
            data = data[:4] + data[-length:]
        file = folder / owner / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
