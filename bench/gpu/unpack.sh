#!/usr/bin/env bash
# On the GPU machine: joins and unpacks the parts that lie in FOLDER, and links the CUDA 13 libraries of the machine's own PyTorch under the names of CUDA 12, which
# TensorFlow opens: the functions that it calls are the same. Then: . bench/gpu/environment.sh FOLDER
set -euo pipefail
cd "$1"
if [ ! -x node ]; then
  cat part.* | python3 -c "
import lzma, sys
read = sys.stdin.buffer.read
open('node', 'wb').write(lzma.decompress(read(int(read(16)))))
with open('rest', 'wb') as rest:
    while chunk := read(1 << 24):
        rest.write(chunk)"
  chmod +x node
  ./node -e "const z = require('zlib'); require('stream').pipeline(require('fs').createReadStream('rest'), z.createZstdDecompress({ params: { [z.constants.ZSTD_d_windowLogMax]: 27 } }), process.stdout, (e) => { if (e) throw e; })" | tar xf -
  rm -f part.* rest
fi
nvidia=$(python3 -c "import nvidia; print(list(nvidia.__path__)[0])" 2>/dev/null || true)
for pair in libcublas.so.12:libcublas.so.13 libcublasLt.so.12:libcublasLt.so.13 libcufft.so.11:libcufft.so.12 libcusolver.so.11:libcusolver.so.12 libcusparse.so.12:libcusparse.so.12 libcudnn.so.9:libcudnn.so.9 libnccl.so.2:libnccl.so.2 libcupti.so.12:libcupti.so.13; do
  found=$(find ${nvidia:+"$nvidia"} /usr/local/cuda* -name "${pair#*:}" 2>/dev/null | head -n 1 || true)
  if [ -n "$found" ]; then ln -sf "$found" "lib/${pair%%:*}"; else echo "missing: ${pair#*:}"; fi
done
