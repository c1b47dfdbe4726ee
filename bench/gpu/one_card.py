"""Empties what a library holds for other cards than one, so that it packs to half: its code for them, and what the driver would compile anew.

    python3 one_card.py LIBRARY 90

CUDA's code lies in the section .nv_fatbin, as containers of entries: each has a header with its kind (2: compiled for one architecture), the length of
what follows, and the architecture. Lengths stay; the bytes become zeros.
"""
import struct
import sys

MAGIC, COMPILED = 0xBA55ED50, 2


def section(library: bytes, wanted: bytes) -> tuple[int, int]:
    """Place and length of an ELF section."""
    table, size, count, names = struct.unpack_from("<Q", library, 40)[0], *struct.unpack_from("<HHH", library, 58)
    headers = [struct.unpack_from("<IIQQQQ", library, table + i * size) for i in range(count)]
    start = headers[names][4]
    for name, _, _, _, offset, length in headers:
        if library[start + name : library.index(b"\0", start + name)] == wanted:
            return offset, length
    raise SystemExit(f"no section {wanted.decode()}")


def main() -> None:
    path, card = sys.argv[1], int(sys.argv[2])
    with open(path, "r+b") as file:
        offset, length = section(file.read(), b".nv_fatbin")
        file.seek(offset)
        code = bytearray(file.read(length))
        at = emptied = 0
        while at + 16 <= length:
            magic, _, header, size = struct.unpack_from("<IHHQ", code, at)
            if magic != MAGIC:
                at += 8
                continue
            entry, end = at + header, at + header + size
            while entry < end:
                kind, _, before, payload = struct.unpack_from("<HHIQ", code, entry)
                if kind != COMPILED or struct.unpack_from("<I", code, entry + 28)[0] != card:
                    code[entry + before : entry + before + payload] = bytes(payload)
                    emptied += payload
                entry += before + payload
            at = end
        file.seek(offset)
        file.write(code)
    print(f"{path}: {emptied / 2**20:.0f} of {length / 2**20:.0f} MiB emptied")


if __name__ == "__main__":
    main()
