# . bench/gpu/environment.sh FOLDER     the environment of the bench, where unpack.sh has run; from the repository's root
d=$(realpath "$1")
nvidia=$(python3 -c "import nvidia; print(list(nvidia.__path__)[0])" 2>/dev/null || true)
export LD_LIBRARY_PATH=$d/lib:$(find ${nvidia:+"$nvidia"} -maxdepth 3 -name lib -type d 2>/dev/null | tr '\n' ':'):${LD_LIBRARY_PATH:-}
export CUDA_VISIBLE_DEVICES=0 CUDA_CACHE_PATH=$d/jit CUDA_CACHE_MAXSIZE=4294967296 PYTHONPATH=$d/python PATH=$d:$PATH
export BINDING=$d/engine/tensorflow/tfjs_binding.node CUDA_DIR=$d/engine/cuda XLA_CACHE=$d/xla UTTERANCES=$d/utterances.tsv
[ -e node_modules ] || ln -s "$d/node_modules" node_modules
