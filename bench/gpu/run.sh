#!/usr/bin/env bash
# The measurements, in stages; each writes lines of JSON to $OUT/results.jsonl and its errors to $OUT/STAGE.log.
#   . bench/gpu/environment.sh FOLDER; bench/gpu/run.sh STAGE...       from the repository's root
# LIGHT=1 runs the same commands on the smallest shapes, to try the stages on a CPU. A stage that fails does not stop the next.
set -uo pipefail
out=${OUT:-.} work=$(mktemp -d); xla=(--cache "$XLA_CACHE"); [ -d "${CUDA_DIR:-}" ] && xla+=(--cuda "$CUDA_DIR")
small=135M big=1.2B huge=8B steps=20 curve=(--steps 200) seeds='1 2 3 4 5 6 7 8 9 10 11 12 13 14 15' rows=10000
[ -z "${LIGHT:-}" ] || { small=tiny big=tiny huge=tiny steps=3 curve=(--steps 12 --hidden 64 --layers 2 --length 32) seeds='1 2' rows=256; light=(--length 32); }
record() { # NAME COMMAND...
  local name=$1 began=$SECONDS; shift
  "$@" > "$out/$name.out" 2> "$out/$name.log"; local code=$?
  sed -n "/^{/s/^{/{\"stage\": \"$name\", \"code\": $code, /p" "$out/$name.out" >> "$out/results.jsonl"; cat "$out/$name.out"; rm -f "$out/$name.out"
  echo "$name: code $code, $((SECONDS - began)) s"; [ $code -eq 0 ] && rm -f "$out/$name.log" || tail -n 15 "$out/$name.log"
}
engine() { record "$1" node bench/gpu/engine.ts "$BINDING" "${@:2}" --steps $steps "${xla[@]}" ${light[@]+"${light[@]}"}; }
kernels() { # What the card does in the last 400 ms, and what it is asked: $OUT/kernels-SHAPE.txt
  [ -e "$work/libkernels.so" ] || bash bench/gpu/kernels.sh "$work"
  KERNELS=$out/kernels-$1.txt KERNELS_CALLS=1 CUDA_INJECTION64_PATH=$work/libkernels.so engine "$1-kernels" "$2"
}
peft() { record "$1" python3 bench/gpu/peft_eager.py "${@:2}" --steps $steps ${light[@]+"${light[@]}"}; }
for stage in "$@"; do
  case $stage in
    copies) record copies timeout 100 node bench/gpu/copies.ts "$BINDING" ;;
    attention) record attention timeout 200 node bench/gpu/attention.ts "$BINDING" "${xla[@]}" ;;
    parity) record parity timeout 300 node bench/gpu/parity.ts "$BINDING" --compiled 'bert-(sequence|tokens)|llama-(multilabel|vocabulary)|qwen' "${xla[@]}" ;;
    small) peft peft-135M $small; engine 135M-cold $small; engine 135M-warm $small; engine 135M-again $small; engine 135M-plain-attention $small --attention plain ;;
    big) peft peft-1.2B $big; engine 1.2B-cold $big; engine 1.2B-warm $big; engine 1.2B-again $big ;;
    profile) engine 135M-profile $small --profile; engine 1.2B-profile $big --profile ;;
    # The asynchronous allocator reserves what is used, not powers of two of it.
    memory) TF_GPU_ALLOCATOR=cuda_malloc_async engine 1.2B-memory $big; TF_GPU_ALLOCATOR=cuda_malloc_async engine 1.2B-quantised-memory $big --quantised ;;
    kernels) kernels 135M $small; kernels 1.2B $big ;;
    float32) engine 135M-float32 $small --products float32 ;;
    quantised) engine 1.2B-quantised $big --quantised; engine 8B-quantised $huge --quantised ;;
    curve)
      # Nothing is timed here: several at once.
      xargs -P 5 -I{} python3 bench/gpu/curve_base.py "$work/curve{}" --seed {} "${curve[@]}" <<< "${seeds// /$'\n'}" 2>> "$out/curve-base.log"
      printf '%s\n' "$work"/curve* | xargs -P 5 -I{} python3 bench/gpu/peft_curve.py {} --dtype bfloat16 float32 2>> "$out/curve-base.log"
      record curve node bench/gpu/curve.ts "$BINDING" "$work"/curve* "${xla[@]}"
      record curve32 node bench/gpu/curve.ts "$BINDING" "$work/curve1" --products float32 "${xla[@]}" ;;
    classify)
      record classify-cold node bench/gpu/classify.ts "$BINDING" "$UTTERANCES" --rows $rows "${xla[@]}"
      record classify-warm node bench/gpu/classify.ts "$BINDING" "$UTTERANCES" --rows $rows "${xla[@]}"
      record classify-eager node bench/gpu/classify.ts "$BINDING" "$UTTERANCES" --rows $rows --compile off --products float32 "${xla[@]}" ;;
    *) echo "no stage $stage"; exit 2 ;;
  esac
done
