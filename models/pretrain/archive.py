"""Token ids in a file that travels: .npz, packed once more by xz when its name says so (a fifth smaller than zip alone)."""
import io
import lzma
from pathlib import Path

import numpy as np

# Ids are pairs of bytes; saying so helps the model of xz.
FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 6, "lc": 3, "lp": 1, "pb": 1}]


def write(path: Path, arrays: dict[str, np.ndarray]) -> None:
    if path.suffix != ".xz":
        np.savez_compressed(path, **arrays)
        return
    plain = io.BytesIO()
    np.savez(plain, **arrays)
    path.write_bytes(lzma.compress(plain.getvalue(), filters=FILTERS))


def read(path: Path) -> dict[str, np.ndarray]:
    with (lzma.open(path) if path.suffix == ".xz" else open(path, "rb")) as file:
        found = np.load(io.BytesIO(file.read()))
        return {name: found[name] for name in found.files}
