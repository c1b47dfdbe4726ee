#!/usr/bin/env bash
# Packs all that the GPU bench needs beside this repository into parts, for a GPU machine that reaches nothing: Node, TensorFlow with our binding,
# ptxas and libdevice, libcudart of CUDA 12, the npm packages in use, peft, and the utterances.
#   bench/gpu/pack.sh ENGINE_FOLDER PYTHON_PACKAGES UTTERANCES.csv OUT
# ENGINE_FOLDER is what `engine install --gpu` made; PYTHON_PACKAGES holds nvidia/ and peft/ of the wheels nvidia-cuda-nvcc-cu12, nvidia-cuda-runtime-cu12 and
# peft, unpacked. Of TensorFlow's kernels those for one architecture are packed (CARD, 90: H100 and H200). OUT gets p00/part.00, p01/part.01 ... of PART bytes (14 MiB), each in a folder of its own to be carried.
set -euo pipefail
here=$(dirname "$(realpath "$0")"); root=$(realpath "$here/../..")
engine=$(realpath "$1"); python=$(realpath "$2"); utterances=$(realpath "$3"); mkdir -p "$4"; out=$(realpath "$4")
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
mkdir -p "$work/engine/cuda/bin" "$work/engine/cuda/nvvm" "$work/lib" "$work/python"
cp -r "$engine/tensorflow" "$engine/engine.json" "$work/engine/"
for library in "$work"/engine/tensorflow/*.so*; do python3 "$here/one_card.py" "$library" "${CARD:-90}"; done
cp "$python"/nvidia/cuda_nvcc/bin/ptxas "$work/engine/cuda/bin/"; chmod +x "$work/engine/cuda/bin/ptxas"
cp -r "$python"/nvidia/cuda_nvcc/nvvm/libdevice "$work/engine/cuda/nvvm/"
cp "$python"/nvidia/cuda_runtime/lib/libcudart.so.12 "$work/lib/"
cp -r "$python/peft" "$work/python/"
python3 -c "
import csv, sys
for row in csv.DictReader(open(sys.argv[1])):
    print(' '.join(row['text'].split()), row['intent'], row['split'], sep='\t')" "$utterances" > "$work/utterances.tsv"
(cd "$root" && tar cf - node_modules/@huggingface) | tar xf - -C "$work"
cp "$(realpath "$root/node_modules/.bin/node")" "$work/node"
xz -6 -T0 -c "$work/node" > "$work/node.xz"; rm "$work/node"
# One stream: the length of node.xz in 16 digits, node.xz (Python unpacks it), and the rest (Node unpacks it).
mv "$work/node.xz" "$out/node.xz"
(printf '%016d' "$(stat -c %s "$out/node.xz")"; cat "$out/node.xz"; tar cf - -C "$work" . | zstd -q -"${LEVEL:-15}" -T0 --long=27) | split -b "${PART:-14M}" -d -a 2 - "$out/part."
rm "$out/node.xz"
for part in "$out"/part.*; do mkdir -p "$out/p${part##*.}"; mv "$part" "$out/p${part##*.}/"; done
du -sh "$out"; ls "$out"
