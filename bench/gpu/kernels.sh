#!/usr/bin/env bash
# Builds kernels.cc with the machine's CUPTI into OUT/libkernels.so.
#   bash bench/gpu/kernels.sh OUT
set -euo pipefail
header=$(find /usr/local/cuda*/ $(python3 -c "import nvidia; print(list(nvidia.__path__)[0])" 2>/dev/null || true) -name cupti_activity.h 2>/dev/null | head -n 1)
library=$(find /usr/local/cuda*/ $(python3 -c "import nvidia; print(list(nvidia.__path__)[0])" 2>/dev/null || true) -name 'libcupti.so*' 2>/dev/null | head -n 1)
record=$(grep -o '} CUpti_ActivityKernel[0-9]*;' "$header" | grep -o 'CUpti_ActivityKernel[0-9]*' | sort -V | tail -n 1)
cuda=$(dirname "$(find /usr/local/cuda*/ $(python3 -c "import nvidia; print(list(nvidia.__path__)[0])" 2>/dev/null || true) -name cuda.h 2>/dev/null | head -n 1)")
g++ -shared -fPIC -O2 -std=c++17 -DKERNEL="$record" -I "$(dirname "$header")" -I "$cuda" "$(dirname "$0")/kernels.cc" -o "$1/libkernels.so" -Wl,-rpath,"$(dirname "$library")" "$library"
