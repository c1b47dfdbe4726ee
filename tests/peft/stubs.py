"""Makes PyTorch's ordinary Linux wheel importable on a machine without a GPU and without 2.5 GB of NVIDIA's libraries.

The wheel's libraries are linked to cuBLAS, cuDNN and others, which nothing calls on a CPU but which the loader wants to see. For each one that is
missing this puts a small library beside them that has the same names (and symbol versions) and fails every call. `import torch` works then,
and `torch.cuda.is_available()` is False. Needs gcc and binutils; run with the Python of the environment that has torch.
"""
import re
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

SITE = Path(sysconfig.get_paths()["purelib"])
LIBRARIES = SITE / "torch" / "lib"
NVIDIA = r"lib(?:cu|nv|nccl)\S*"
# Functions of libraries without symbol versions.
PREFIXES = {"nccl": "libnccl", "cuFile": "libcufile", "cusparseLt": "libcusparseLt"}
FAILS = 999


def read(*command: str) -> str:
    return "".join(subprocess.run([*command, str(path)], capture_output=True, text=True, check=True).stdout for path in sorted(LIBRARIES.glob("*.so")))


def stub(path: Path, symbols: dict[str, str], folder: Path) -> None:
    """`symbols`: function -> its version, or ''."""
    source, script = folder / "stub.c", folder / "versions"
    source.write_text("".join(f"int {name}(void) {{ return {FAILS}; }}\n" for name in sorted(symbols)))
    versions = sorted(set(symbols.values()) - {""})
    script.write_text("".join(f"{version} {{ global: {' '.join(f'{name};' for name in sorted(symbols) if symbols[name] == version)} }};\n" for version in versions))
    options = [f"-Wl,--version-script={script}"] if versions else []
    subprocess.run(["gcc", "-shared", "-fPIC", "-fno-builtin", "-o", str(path), f"-Wl,-soname,{path.name}", *options, str(source)], check=True)


def main() -> None:
    needed = set(re.findall(rf"NEEDED.*\[({NVIDIA})\]", read("readelf", "-d")))
    there = {path.name for path in SITE.glob("nvidia/*/lib/*.so*")}
    libraries: dict[str, dict[str, str]] = {name: {} for name in needed - there}
    versions: dict[str, str] = {}
    for line in read("readelf", "-V", "-W").splitlines():
        if found := re.search(r"File: (\S+)", line):
            file = found[1]
        elif (found := re.search(r"Name: (\S+)", line)) and file in libraries:
            versions[found[1]] = file
    for name, version in re.findall(r"^\s+U (\w+)@?(\S*)$", read("nm", "-D", "--undefined-only"), re.M):
        library = versions.get(version) or next((each for each in libraries for prefix, start in PREFIXES.items() if name.startswith(prefix) and each.startswith(f"{start}.so")), None)
        if library:
            libraries[library][name] = version
    with tempfile.TemporaryDirectory() as folder:
        for name, symbols in sorted(libraries.items()):
            stub(LIBRARIES / name, symbols, Path(folder))
            print(f"{name}: a stub of {len(symbols)} functions", file=sys.stderr)


if __name__ == "__main__":
    main()
