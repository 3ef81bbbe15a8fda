"""Shrinks screens as spec 02 does: Pillow, 200x150, JPEG quality 50. Reads "<repeats>" per line, answers one JSON line each."""
import io
import json
import sys
import time

from PIL import Image

PICTURES = [open(path, "rb").read() for path in sys.argv[1:]]


def encode(png):
    image = Image.open(io.BytesIO(png))
    if image.size[0] <= 0 or image.size[1] <= 0:
        raise ValueError("empty picture")
    image = image.convert("RGB").resize((200, 150), FILTER)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=50)
    if len(out.getvalue()) <= 100:
        raise ValueError("no picture")
    return len(out.getvalue())


FILTER = Image.BICUBIC
for line in sys.stdin:
    repeats = int(line)
    sizes, costs = [], []
    for png in PICTURES:
        began = time.process_time()
        for _ in range(repeats):
            size = encode(png)
        costs.append((time.process_time() - began) * 1000 / repeats)
        sizes.append(size)
    print(json.dumps({"bytes": sizes, "cpuMs": costs}), flush=True)
