// What the ops of Trimtab for a CPU have in common: how a loop is compiled, how rows are shared out over TensorFlow's threads, e^x and products of small
// matrices. Each unit has its own copy.
//
// Each loop is compiled for several kinds of processor, of which the loader takes the best that it finds.

#ifndef TRIMTAB_KERNELS_H_
#define TRIMTAB_KERNELS_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <vector>
#include "tensorflow/core/framework/common_shape_fns.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"

namespace trimtab {
namespace {

using tensorflow::errors::InvalidArgument;
using tensorflow::OpInputList;
using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::TensorShape;

#define FOR_EACH_CPU __attribute__((target_clones("avx512f", "fma", "default")))
#define INLINE inline __attribute__((always_inline))

float *Numbers(Tensor *t) { return t->flat<float>().data(); }
const float *Numbers(const Tensor &t) { return t.flat<float>().data(); }

// Shares out `count` pieces of work, each of about `cycles`.
void Share(OpKernelContext *context, int64_t count, int64_t cycles, const std::function<void(int64_t, int64_t)> &work) {
  context->device()->tensorflow_cpu_worker_threads()->workers->ParallelFor(count, cycles, work);
}

// e^x to 2 units in the last place: 2^n by its bits, the rest by Taylor's series. NaN stays NaN.
INLINE float Exp(float x) {
  x = x < -87.0f ? -87.0f : x;
  x = x > 87.0f ? 87.0f : x;
  const float turns = x * 1.44269504f;
  const int32_t n = static_cast<int32_t>(turns + (turns < 0 ? -0.5f : 0.5f));
  const float whole = static_cast<float>(n);
  // ln 2 in two parts, so that n ln 2 is exact enough.
  const float r = (x - whole * 0.693359375f) + whole * 2.12194440e-4f;
  const float series = 1 + r * (1 + r * (0.5f + r * (1.0f / 6 + r * (1.0f / 24 + r * (1.0f / 120 + r * (1.0f / 720))))));
  const uint32_t bits = static_cast<uint32_t>(n + 127) << 23;
  float power;
  std::memcpy(&power, &bits, sizeof power);
  return series * power;
}

// Cycles of a number, about: what decides whether work is worth sharing out.
constexpr int64_t kSimple = 2, kCostly = 6;

// Small products --------------------------------------------------------------------------------------------------------------------

typedef float Vector __attribute__((vector_size(64), aligned(4), may_alias));
constexpr int64_t kLanes = 16;
constexpr int64_t Padded(int64_t count) { return (count + kLanes - 1) / kLanes * kLanes; }

// A matrix by its rows, or its transpose by its columns: `step` numbers lie between those.
struct View {
  const float *at;
  int64_t step;
  bool transposed;
};

// c = from + a b for R rows and 16 C columns; b and c have consecutive columns.
template <int R, int C, bool Transposed>
INLINE void Tile(const float *a, int64_t step, const float *b, int64_t b_row, const float *from, int64_t from_row, float *c, int64_t c_row, int64_t depth) {
  Vector sum[R][C];
  for (int r = 0; r < R; r++) for (int j = 0; j < C; j++) sum[r][j] = from == nullptr ? Vector{} : *reinterpret_cast<const Vector *>(from + r * from_row + j * kLanes);
  for (int64_t k = 0; k < depth; k++) {
    for (int j = 0; j < C; j++) {
      const Vector right = *reinterpret_cast<const Vector *>(b + k * b_row + j * kLanes);
      for (int r = 0; r < R; r++) sum[r][j] += (Transposed ? a[k * step + r] : a[r * step + k]) * right;
    }
  }
  for (int r = 0; r < R; r++) for (int j = 0; j < C; j++) *reinterpret_cast<Vector *>(c + r * c_row + j * kLanes) = sum[r][j];
}

template <int R, bool Transposed>
INLINE void Rows(const float *a, int64_t step, const float *b, int64_t b_row, const float *from, int64_t from_row, float *c, int64_t c_row, int64_t cols, int64_t depth) {
  const float *start = from;
  int64_t j = 0;
  for (; j + 2 * kLanes <= cols; j += 2 * kLanes, start += from == nullptr ? 0 : 2 * kLanes) Tile<R, 2, Transposed>(a, step, b + j, b_row, start, from_row, c + j, c_row, depth);
  for (; j + kLanes <= cols; j += kLanes, start += from == nullptr ? 0 : kLanes) Tile<R, 1, Transposed>(a, step, b + j, b_row, start, from_row, c + j, c_row, depth);
  for (; j < cols; j++) {
    for (int r = 0; r < R; r++) {
      float sum = from == nullptr ? 0 : from[r * from_row + j];
      for (int64_t k = 0; k < depth; k++) sum += (Transposed ? a[k * step + r] : a[r * step + k]) * b[k * b_row + j];
      c[r * c_row + j] = sum;
    }
  }
}

template <int R, bool Transposed>
INLINE int64_t Blocks(int64_t i, const float *a, int64_t step, const float *b, int64_t b_row, const float *from, int64_t from_row, float *c, int64_t c_row, int64_t rows, int64_t cols, int64_t depth) {
  for (; i + R <= rows; i += R) Rows<R, Transposed>(Transposed ? a + i : a + i * step, step, b, b_row, from == nullptr ? nullptr : from + i * from_row, from_row, c + i * c_row, c_row, cols, depth);
  return i;
}

// c = from + a b, `from` null for 0 and c itself for a sum.
FOR_EACH_CPU void Product(View a, const float *b, int64_t b_row, const float *from, int64_t from_row, float *c, int64_t c_row, int64_t rows, int64_t cols, int64_t depth) {
  int64_t i = 0;
  if (a.transposed) {
    i = Blocks<4, true>(i, a.at, a.step, b, b_row, from, from_row, c, c_row, rows, cols, depth);
    Blocks<1, true>(i, a.at, a.step, b, b_row, from, from_row, c, c_row, rows, cols, depth);
  } else {
    // Where b is one vector wide, four rows are too few sums for a processor to work on at once.
    if (cols <= kLanes) i = Blocks<8, false>(i, a.at, a.step, b, b_row, from, from_row, c, c_row, rows, cols, depth);
    i = Blocks<4, false>(i, a.at, a.step, b, b_row, from, from_row, c, c_row, rows, cols, depth);
    Blocks<1, false>(i, a.at, a.step, b, b_row, from, from_row, c, c_row, rows, cols, depth);
  }
}

FOR_EACH_CPU void Scale(float *x, float by, int64_t count) {
  for (int64_t i = 0; i < count; i++) x[i] *= by;
}

float *Scratch(int64_t count) {
  static thread_local std::vector<float> memory;
  if (static_cast<int64_t>(memory.size()) < count) memory.resize(count);
  return memory.data();
}

}  // namespace
}  // namespace trimtab

#endif  // TRIMTAB_KERNELS_H_
