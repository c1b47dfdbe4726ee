// Ops of Trimtab for a CPU, registered beside TensorFlow's own: what would otherwise be many passes over memory is one. TensorFlow's
// products stay TensorFlow's. All numbers are float32; rows are shared out over TensorFlow's threads, and what a row gives does not
// depend on how.
//
// Each loop is compiled for several kinds of processor, of which the loader takes the best that it finds.

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

// The normal distribution's share below x: erf as the quotient of two polynomials on +-4, as Eigen computes it.
INLINE float NormalShare(float x) {
  float z = x * 0.70710678f;
  z = z < -4.0f ? -4.0f : z;
  z = z > 4.0f ? 4.0f : z;
  const float s = z * z;
  const float above = -1.60960333262415e-2f + s * (-2.95459980854025e-3f + s * (-7.34990630326855e-4f + s * (-5.69250639462346e-5f + s * (-2.10102402082508e-6f + s * (2.77068142495902e-8f + s * -2.72614225801306e-10f)))));
  const float below = -1.42647390514189e-2f + s * (-7.37332916720468e-3f + s * (-1.68282697438203e-3f + s * (-2.13374055278905e-4f + s * -1.45660718464996e-5f)));
  return 0.5f + 0.5f * (z * above / below);
}

FOR_EACH_CPU void Gelu(const float *x, float *y, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = x[i] * NormalShare(x[i]);
}

FOR_EACH_CPU void GeluBackward(const float *dy, const float *x, float *dx, int64_t count) {
  for (int64_t i = 0; i < count; i++) dx[i] = dy[i] * (NormalShare(x[i]) + x[i] * 0.39894228f * Exp(-0.5f * x[i] * x[i]));
}

// Rows of x + residual, which may be null, brought to mean 0 and length 1 (normal), then weighted.
FOR_EACH_CPU void LayerNorm(const float *x, const float *residual, const float *weight, const float *bias, float epsilon, float *y, float *normal, float *inverse, int64_t rows, int64_t cols) {
  for (int64_t i = 0; i < rows; i++, x += cols, y += cols, normal += cols) {
    float mean = 0, square = 0;
    for (int64_t j = 0; j < cols; j++) normal[j] = residual == nullptr ? x[j] : x[j] + residual[j];
    if (residual != nullptr) residual += cols;
#pragma omp simd reduction(+ : mean)
    for (int64_t j = 0; j < cols; j++) mean += normal[j];
    mean /= cols;
#pragma omp simd reduction(+ : square)
    for (int64_t j = 0; j < cols; j++) square += (normal[j] - mean) * (normal[j] - mean);
    const float root = 1 / std::sqrt(square / cols + epsilon);
    inverse[i] = root;
    for (int64_t j = 0; j < cols; j++) {
      normal[j] = (normal[j] - mean) * root;
      y[j] = normal[j] * weight[j] + bias[j];
    }
  }
}

FOR_EACH_CPU void LayerNormBackward(const float *dy, const float *normal, const float *inverse, const float *weight, float *dx, int64_t rows, int64_t cols) {
  for (int64_t i = 0; i < rows; i++, dy += cols, dx += cols, normal += cols) {
    float mean = 0, along = 0;
#pragma omp simd reduction(+ : mean, along)
    for (int64_t j = 0; j < cols; j++) {
      const float slope = dy[j] * weight[j];
      mean += slope;
      along += slope * normal[j];
    }
    mean /= cols;
    along /= cols;
    for (int64_t j = 0; j < cols; j++) dx[j] = inverse[i] * (dy[j] * weight[j] - mean - normal[j] * along);
  }
}

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

// Attention -------------------------------------------------------------------------------------------------------------------------

// Columns of one row: queries, then keys, then values.
struct Shape {
  int64_t heads, kv_heads, width;
  bool causal;
  int64_t group() const { return heads / kv_heads; }
  int64_t columns() const { return (heads + 2 * kv_heads) * width; }
};

void Pack(const float *x, int64_t x_row, int64_t rows, int64_t width, float *into) {
  const int64_t padded = Padded(width);
  for (int64_t i = 0; i < rows; i++) {
    std::memcpy(into + i * padded, x + i * x_row, width * sizeof(float));
    std::fill(into + i * padded + width, into + (i + 1) * padded, 0.0f);
  }
}

FOR_EACH_CPU void PackTransposed(const float *x, int64_t x_row, int64_t rows, int64_t width, float *into) {
  const int64_t padded = Padded(rows);
  for (int64_t j = 0; j < width; j++) {
    for (int64_t i = 0; i < rows; i++) into[j * padded + i] = x[i * x_row + j];
    for (int64_t i = rows; i < padded; i++) into[j * padded + i] = 0;
  }
}

void Unpack(const float *x, int64_t rows, int64_t width, float *into, int64_t into_row) {
  for (int64_t i = 0; i < rows; i++) std::memcpy(into + i * into_row, x + i * Padded(width), width * sizeof(float));
}

// Softmax of scale x over the first `seen` columns of a row; the others become 0. All loops are over whole vectors.
FOR_EACH_CPU void Softmax(float *x, float scale, int64_t seen, int64_t cols) {
  for (int64_t j = seen; j < cols; j++) x[j] = x[0];
  float most = x[0], sum = 0;
#pragma omp simd reduction(max : most)
  for (int64_t j = 0; j < cols; j++) most = x[j] > most ? x[j] : most;
  for (int64_t j = 0; j < cols; j++) x[j] = Exp(scale * (x[j] - most));
  for (int64_t j = seen; j < cols; j++) x[j] = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t j = 0; j < cols; j++) sum += x[j];
  const float share = 1 / sum;
  for (int64_t j = 0; j < cols; j++) x[j] *= share;
}

// Gradient of the scores, in the place of that of the probabilities: p (dp - mean) scale, the mean of dp under p being dy y
// (arXiv 2205.14135, appendix B.4).
FOR_EACH_CPU void SoftmaxBackward(const float *p, float *dp, const float *dy, const float *y, float scale, int64_t cols, int64_t width) {
  float mean = 0;
#pragma omp simd reduction(+ : mean)
  for (int64_t j = 0; j < width; j++) mean += dy[j] * y[j];
  for (int64_t j = 0; j < cols; j++) dp[j] = p[j] * (dp[j] - mean) * scale;
}

// One head of one sequence of n rows. Probabilities are [n, n padded].
void Attend(const float *qkv, const Shape &shape, int64_t head, int64_t n, float *y, float *probabilities) {
  const int64_t row = shape.columns(), w = shape.width, wide = Padded(w), long_ = Padded(n), kv = head / shape.group();
  float *query = Scratch(n * wide + w * long_ + 2 * n * wide), *keys = query + n * wide, *value = keys + w * long_, *context = value + n * wide;
  Pack(qkv + head * w, row, n, w, query);
  PackTransposed(qkv + (shape.heads + kv) * w, row, n, w, keys);
  Pack(qkv + (shape.heads + shape.kv_heads + kv) * w, row, n, w, value);
  Product({query, wide, false}, keys, long_, nullptr, 0, probabilities, long_, n, long_, w);
  const float scale = 1 / std::sqrt(static_cast<float>(w));
  for (int64_t i = 0; i < n; i++) Softmax(probabilities + i * long_, scale, shape.causal ? i + 1 : n, long_);
  Product({probabilities, long_, false}, value, wide, nullptr, 0, context, wide, n, wide, n);
  Unpack(context, n, w, y + head * w, shape.heads * w);
}

// All query heads of one key head of one sequence.
void AttendBackward(const float *dy, const float *y, const float *qkv, const float *probabilities, const Shape &shape, int64_t kv, int64_t n, float *d_qkv) {
  const int64_t row = shape.columns(), w = shape.width, wide = Padded(w), long_ = Padded(n), y_row = shape.heads * w, block = n * wide;
  float *key = Scratch(6 * block + w * long_ + n * long_), *query = key + block, *slope = query + block, *d_query = slope + block, *d_key = d_query + block, *d_value = d_key + block;
  float *values = d_value + block, *d_scores = values + w * long_;
  Pack(qkv + (shape.heads + kv) * w, row, n, w, key);
  PackTransposed(qkv + (shape.heads + shape.kv_heads + kv) * w, row, n, w, values);
  const float scale = 1 / std::sqrt(static_cast<float>(w));
  for (int64_t g = 0; g < shape.group(); g++) {
    const int64_t head = kv * shape.group() + g;
    const float *p = probabilities + head * n * long_;
    Pack(qkv + head * w, row, n, w, query);
    Pack(dy + head * w, y_row, n, w, slope);
    Product({slope, wide, false}, values, long_, nullptr, 0, d_scores, long_, n, long_, w);
    for (int64_t i = 0; i < n; i++) SoftmaxBackward(p + i * long_, d_scores + i * long_, slope + i * wide, y + i * y_row + head * w, scale, long_, w);
    Product({d_scores, long_, false}, key, wide, nullptr, 0, d_query, wide, n, wide, n);
    Product({d_scores, long_, true}, query, wide, g == 0 ? nullptr : d_key, wide, d_key, wide, n, wide, n);
    Product({p, long_, true}, slope, wide, g == 0 ? nullptr : d_value, wide, d_value, wide, n, wide, n);
    Unpack(d_query, n, w, d_qkv + head * w, row);
  }
  Unpack(d_key, n, w, d_qkv + (shape.heads + kv) * w, row);
  Unpack(d_value, n, w, d_qkv + (shape.heads + shape.kv_heads + kv) * w, row);
}

// The ops ---------------------------------------------------------------------------------------------------------------------------

// Cycles of a number, about: what decides whether work is worth sharing out.
constexpr int64_t kSimple = 2, kCostly = 6;

class GeluOp : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext *context) override {
    const Tensor &x = context->input(0);
    Tensor *y = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, x.shape(), &y));
    Share(context, x.NumElements(), kCostly, [&](int64_t from, int64_t to) { Gelu(Numbers(x) + from, Numbers(y) + from, to - from); });
  }
};

class GeluBackwardOp : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext *context) override {
    const Tensor &dy = context->input(0), &x = context->input(1);
    OP_REQUIRES(context, dy.shape() == x.shape(), InvalidArgument("gelu: a gradient of another shape"));
    Tensor *dx = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, x.shape(), &dx));
    Share(context, x.NumElements(), kCostly, [&](int64_t from, int64_t to) { GeluBackward(Numbers(dy) + from, Numbers(x) + from, Numbers(dx) + from, to - from); });
  }
};

class LayerNormOp : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext *context) override {
    OpInputList summands;
    OP_REQUIRES_OK(context, context->input_list("summands", &summands));
    const Tensor &x = summands[0], *weight, *bias, *epsilon;
    OP_REQUIRES_OK(context, context->input("weight", &weight));
    OP_REQUIRES_OK(context, context->input("bias", &bias));
    OP_REQUIRES_OK(context, context->input("epsilon", &epsilon));
    const int64_t rows = x.dim_size(0), cols = x.dim_size(1);
    OP_REQUIRES(context, summands.size() == 1 || summands[1].shape() == x.shape(), InvalidArgument("layer norm: a residual of another shape"));
    OP_REQUIRES(context, weight->NumElements() == cols && bias->NumElements() == cols, InvalidArgument("layer norm: weights of another width"));
    Tensor *y = nullptr, *normal = nullptr, *inverse = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, x.shape(), &y));
    OP_REQUIRES_OK(context, context->allocate_output(1, x.shape(), &normal));
    OP_REQUIRES_OK(context, context->allocate_output(2, TensorShape({rows, 1}), &inverse));
    const float *residual = summands.size() == 1 ? nullptr : Numbers(summands[1]);
    Share(context, rows, cols * kSimple, [&](int64_t from, int64_t to) {
      const int64_t at = from * cols;
      LayerNorm(Numbers(x) + at, residual == nullptr ? nullptr : residual + at, Numbers(*weight), Numbers(*bias), *Numbers(*epsilon), Numbers(y) + at, Numbers(normal) + at, Numbers(inverse) + from, to - from, cols);
    });
  }
};

class LayerNormBackwardOp : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext *context) override {
    const Tensor &dy = context->input(0), &normal = context->input(1), &inverse = context->input(2), &weight = context->input(3);
    const int64_t rows = dy.dim_size(0), cols = dy.dim_size(1);
    OP_REQUIRES(context, normal.shape() == dy.shape() && inverse.NumElements() == rows && weight.NumElements() == cols, InvalidArgument("layer norm: a gradient of another shape"));
    Tensor *dx = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, dy.shape(), &dx));
    Share(context, rows, cols * kSimple, [&](int64_t from, int64_t to) {
      const int64_t at = from * cols;
      LayerNormBackward(Numbers(dy) + at, Numbers(normal) + at, Numbers(inverse) + from, Numbers(weight), Numbers(dx) + at, to - from, cols);
    });
  }
};

class AttentionKernel : public OpKernel {
 public:
  explicit AttentionKernel(OpKernelConstruction *construction) : OpKernel(construction) {
    OP_REQUIRES_OK(construction, construction->GetAttr("heads", &shape_.heads));
    OP_REQUIRES_OK(construction, construction->GetAttr("kv_heads", &shape_.kv_heads));
    OP_REQUIRES_OK(construction, construction->GetAttr("width", &shape_.width));
    OP_REQUIRES_OK(construction, construction->GetAttr("causal", &shape_.causal));
  }

 protected:
  // Where each sequence's rows and probabilities start, and their ends.
  struct Sequences {
    std::vector<int64_t> rows, probabilities;
    int64_t count() const { return static_cast<int64_t>(rows.size()) - 1; }
    int64_t length(int64_t i) const { return rows[i + 1] - rows[i]; }
  };

  tensorflow::Status Read(const Tensor &starts, const Tensor &qkv, Sequences *sequences) const {
    const auto numbers = starts.flat<int32_t>();
    sequences->rows.assign(numbers.data(), numbers.data() + numbers.size());
    sequences->probabilities.push_back(0);
    for (int64_t i = 0; i < sequences->count(); i++) sequences->probabilities.push_back(sequences->probabilities.back() + shape_.heads * sequences->length(i) * Padded(sequences->length(i)));
    const bool fits = qkv.dims() == 2 && qkv.dim_size(1) == shape_.columns() && sequences->rows.back() == qkv.dim_size(0) && std::is_sorted(sequences->rows.begin(), sequences->rows.end());
    return fits ? absl::OkStatus() : InvalidArgument("attention: rows or columns do not fit the layout");
  }

  // Cycles of a piece: all heads' products of a sequence of the mean length.
  int64_t Cycles(const Sequences &sequences, int64_t products) const {
    const int64_t length = sequences.rows.back() / std::max<int64_t>(1, sequences.count()) + 1;
    return products * length * Padded(length) * shape_.width / kLanes;
  }

  Shape shape_;
};

class AttentionOp : public AttentionKernel {
 public:
  using AttentionKernel::AttentionKernel;
  void Compute(OpKernelContext *context) override {
    const Tensor &qkv = context->input(0);
    Sequences sequences;
    OP_REQUIRES_OK(context, Read(context->input(1), qkv, &sequences));
    Tensor *y = nullptr, *probabilities = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, TensorShape({qkv.dim_size(0), shape_.heads * shape_.width}), &y));
    OP_REQUIRES_OK(context, context->allocate_output(1, TensorShape({sequences.probabilities.back()}), &probabilities));
    Share(context, sequences.count() * shape_.heads, Cycles(sequences, 2), [&](int64_t from, int64_t to) {
      for (int64_t piece = from; piece < to; piece++) {
        const int64_t i = piece / shape_.heads, head = piece % shape_.heads, n = sequences.length(i), start = sequences.rows[i];
        if (n > 0) Attend(Numbers(qkv) + start * shape_.columns(), shape_, head, n, Numbers(y) + start * shape_.heads * shape_.width, Numbers(probabilities) + sequences.probabilities[i] + head * n * Padded(n));
      }
    });
  }
};

class AttentionBackwardOp : public AttentionKernel {
 public:
  using AttentionKernel::AttentionKernel;
  void Compute(OpKernelContext *context) override {
    const Tensor &dy = context->input(0), &y = context->input(1), &qkv = context->input(2), &probabilities = context->input(3);
    Sequences sequences;
    OP_REQUIRES_OK(context, Read(context->input(4), qkv, &sequences));
    OP_REQUIRES(context, dy.shape() == y.shape() && dy.NumElements() == qkv.dim_size(0) * shape_.heads * shape_.width && probabilities.NumElements() == sequences.probabilities.back(), InvalidArgument("attention: a gradient of another shape"));
    Tensor *d_qkv = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, qkv.shape(), &d_qkv));
    Share(context, sequences.count() * shape_.kv_heads, Cycles(sequences, 5 * shape_.group()), [&](int64_t from, int64_t to) {
      for (int64_t piece = from; piece < to; piece++) {
        const int64_t i = piece / shape_.kv_heads, kv = piece % shape_.kv_heads, n = sequences.length(i), start = sequences.rows[i], at = start * shape_.heads * shape_.width;
        if (n > 0) AttendBackward(Numbers(dy) + at, Numbers(y) + at, Numbers(qkv) + start * shape_.columns(), Numbers(probabilities) + sequences.probabilities[i], shape_, kv, n, Numbers(d_qkv) + start * shape_.columns());
      }
    });
  }
};

// What the ops of a linear layer's low-rank addition have in common: part i adds scale B_i A_i to the rows of the weight from columns[i] on,
// A being [parts x rank, inputs] and B_i [height, rank].
class LoraKernel : public OpKernel {
 public:
  explicit LoraKernel(OpKernelConstruction *construction) : OpKernel(construction) { OP_REQUIRES_OK(construction, construction->GetAttr("columns", &columns_)); }

 protected:
  struct Parts {
    const Tensor *a, *scale;
    OpInputList b;
    int64_t rank, wide, inputs;
  };

  tensorflow::Status Read(OpKernelContext *context, int64_t outputs, Parts *parts) const {
    TF_RETURN_IF_ERROR(context->input("a", &parts->a));
    TF_RETURN_IF_ERROR(context->input("scale", &parts->scale));
    TF_RETURN_IF_ERROR(context->input_list("b", &parts->b));
    parts->wide = parts->a->dim_size(0);
    parts->inputs = parts->a->dim_size(1);
    parts->rank = parts->wide / parts->b.size();
    bool fits = static_cast<int64_t>(columns_.size()) == parts->b.size() && parts->rank * parts->b.size() == parts->wide;
    for (int i = 0; fits && i < parts->b.size(); i++) {
      fits = parts->b[i].dim_size(1) == parts->rank && columns_[i] + parts->b[i].dim_size(0) <= (i + 1 < parts->b.size() ? columns_[i + 1] : outputs);
    }
    return fits ? absl::OkStatus() : InvalidArgument("lora: A and B do not fit each other or the layer");
  }

  std::vector<int32_t> columns_;
};

// A weight with its low-rank addition in it.
class MergeOp : public LoraKernel {
 public:
  using LoraKernel::LoraKernel;
  void Compute(OpKernelContext *context) override {
    const Tensor *weight;
    OP_REQUIRES_OK(context, context->input("weight", &weight));
    Parts parts;
    OP_REQUIRES_OK(context, Read(context, weight->dim_size(0), &parts));
    const int64_t inputs = weight->dim_size(1), rank = parts.rank;
    OP_REQUIRES(context, parts.inputs == inputs, InvalidArgument("merge: A does not fit the weight"));
    Tensor *merged = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, weight->shape(), &merged));
    const float by = *Numbers(*parts.scale);
    Share(context, weight->dim_size(0), inputs * rank / 4, [&](int64_t from, int64_t to) {
      int64_t row = from;
      for (int i = 0; i < parts.b.size(); i++) {
        const int64_t first = std::max<int64_t>(row, columns_[i]), last = std::min<int64_t>(to, columns_[i] + parts.b[i].dim_size(0));
        if (first >= last) continue;
        Copy(*weight, merged, row, first, inputs);
        const int64_t count = (last - first) * rank;
        const float *b = Numbers(parts.b[i]) + (first - columns_[i]) * rank;
        float *scaled = Scratch(count);
        for (int64_t k = 0; k < count; k++) scaled[k] = by * b[k];
        Product({scaled, rank, false}, Numbers(*parts.a) + i * rank * inputs, inputs, Numbers(*weight) + first * inputs, inputs, Numbers(merged) + first * inputs, inputs, last - first, inputs, rank);
        row = last;
      }
      Copy(*weight, merged, row, to, inputs);
    });
  }

 private:
  static void Copy(const Tensor &x, Tensor *into, int64_t from, int64_t to, int64_t cols) {
    if (from < to) std::memcpy(Numbers(into) + from * cols, Numbers(x) + from * cols, (to - from) * cols * sizeof(float));
  }
};

// Gradients of A and of each B by those of y: du = scale dy B, dA = du' x, dB = scale dy' u, u being x A'.
class LoraBackwardOp : public LoraKernel {
 public:
  using LoraKernel::LoraKernel;
  void Compute(OpKernelContext *context) override {
    const Tensor *dy, *x, *u;
    OP_REQUIRES_OK(context, context->input("dy", &dy));
    OP_REQUIRES_OK(context, context->input("x", &x));
    OP_REQUIRES_OK(context, context->input("u", &u));
    const int64_t n = dy->dim_size(0), outputs = dy->dim_size(1);
    Parts parts;
    OP_REQUIRES_OK(context, Read(context, outputs, &parts));
    const int64_t wide = parts.wide, rank = parts.rank, inputs = parts.inputs;
    OP_REQUIRES(context, x->dim_size(0) == n && x->dim_size(1) == inputs && u->dim_size(0) == n && u->dim_size(1) == wide, InvalidArgument("lora: a gradient of another shape"));
    Tensor *da = nullptr, du;
    OP_REQUIRES_OK(context, context->allocate_output(0, parts.a->shape(), &da));
    OP_REQUIRES_OK(context, context->allocate_temp(tensorflow::DT_FLOAT, u->shape(), &du));
    const float scale = *Numbers(*parts.scale);

    Share(context, n, outputs * rank / 8, [&](int64_t from, int64_t to) {
      for (int i = 0; i < parts.b.size(); i++) {
        Product({Numbers(*dy) + from * outputs + columns_[i], outputs, false}, Numbers(parts.b[i]), rank, nullptr, 0, Numbers(&du) + from * wide + i * rank, wide, to - from, rank, parts.b[i].dim_size(0));
      }
      Scale(Numbers(&du) + from * wide, scale, (to - from) * wide);
    });
    Share(context, Panels(inputs), n * wide * kPanel / 32, [&](int64_t from, int64_t to) {
      const int64_t left = from * kPanel;
      Accumulate(Numbers(&du), wide, wide, Numbers(*x) + left, inputs, Numbers(da) + left, inputs, std::min(to * kPanel, inputs) - left, n);
    });
    for (int i = 0; i < parts.b.size(); i++) {
      Tensor *db = nullptr;
      OP_REQUIRES_OK(context, context->allocate_output(1 + i, parts.b[i].shape(), &db));
      const int64_t height = parts.b[i].dim_size(0);
      Share(context, Panels(height), n * rank * kPanel / 32, [&](int64_t from, int64_t to) {
        const int64_t left = from * kPanel, count = std::min(to * kPanel, height) - left;
        float *transposed = Scratch(rank * count);
        Accumulate(Numbers(*u) + i * rank, wide, rank, Numbers(*dy) + columns_[i] + left, outputs, transposed, count, count, n);
        for (int64_t j = 0; j < count; j++) for (int64_t k = 0; k < rank; k++) Numbers(db)[(left + j) * rank + k] = scale * transposed[k * count + j];
      });
    }
  }

 private:
  // c = a' b, [rows, cols], by some of b's rows at a time and along them: so b comes from memory once, in its order, and is at hand for all rows of c.
  static void Accumulate(const float *a, int64_t a_step, int64_t rows, const float *b, int64_t b_row, float *c, int64_t c_row, int64_t cols, int64_t depth) {
    if (depth == 0) for (int64_t i = 0; i < rows; i++) std::fill(c + i * c_row, c + i * c_row + cols, 0.0f);
    for (int64_t k = 0; k < depth; k += kDepth) {
      for (int64_t j = 0; j < cols; j += kPanel) {
        Product({a + k * a_step, a_step, true}, b + k * b_row + j, b_row, k == 0 ? nullptr : c + j, c_row, c + j, c_row, rows, std::min(kPanel, cols - j), std::min(kDepth, depth - k));
      }
    }
  }

  static constexpr int64_t kPanel = 64, kDepth = 64;
  static int64_t Panels(int64_t cols) { return (cols + kPanel - 1) / kPanel; }
};

#define ATTENTION_SHAPE Attr("heads: int").Attr("kv_heads: int").Attr("width: int").Attr("causal: bool")
REGISTER_OP("TrimtabGelu").Input("x: float").Output("y: float").SetShapeFn(tensorflow::shape_inference::UnknownShape);
REGISTER_OP("TrimtabGeluBackward").Input("dy: float").Input("x: float").Output("dx: float").SetShapeFn(tensorflow::shape_inference::UnknownShape);
REGISTER_OP("TrimtabLayerNorm").Attr("N: int >= 1").Input("summands: N * float").Input("weight: float").Input("bias: float").Input("epsilon: float").Output("y: float").Output("normal: float").Output("inverse: float").SetShapeFn(tensorflow::shape_inference::UnknownShape);
REGISTER_OP("TrimtabLayerNormBackward").Input("dy: float").Input("normal: float").Input("inverse: float").Input("weight: float").Output("dx: float").SetShapeFn(tensorflow::shape_inference::UnknownShape);
REGISTER_OP("TrimtabAttention").ATTENTION_SHAPE.Input("qkv: float").Input("starts: int32").Output("y: float").Output("probabilities: float").SetShapeFn(tensorflow::shape_inference::UnknownShape);
REGISTER_OP("TrimtabAttentionBackward").ATTENTION_SHAPE.Input("dy: float").Input("y: float").Input("qkv: float").Input("probabilities: float").Input("starts: int32").Output("d_qkv: float").SetShapeFn(tensorflow::shape_inference::UnknownShape);
REGISTER_OP("TrimtabMerge").Attr("N: int >= 1").Attr("columns: list(int)").Input("weight: float").Input("a: float").Input("scale: float").Input("b: N * float").Output("merged: float").SetShapeFn(tensorflow::shape_inference::UnknownShape);
REGISTER_OP("TrimtabLoraBackward").Attr("N: int >= 1").Attr("columns: list(int)").Input("dy: float").Input("x: float").Input("u: float").Input("a: float").Input("scale: float").Input("b: N * float").Output("da: float").Output("db: N * float").SetShapeFn(tensorflow::shape_inference::UnknownShape);

REGISTER_KERNEL_BUILDER(Name("TrimtabGelu").Device(tensorflow::DEVICE_CPU), GeluOp);
REGISTER_KERNEL_BUILDER(Name("TrimtabGeluBackward").Device(tensorflow::DEVICE_CPU), GeluBackwardOp);
REGISTER_KERNEL_BUILDER(Name("TrimtabLayerNorm").Device(tensorflow::DEVICE_CPU), LayerNormOp);
REGISTER_KERNEL_BUILDER(Name("TrimtabLayerNormBackward").Device(tensorflow::DEVICE_CPU), LayerNormBackwardOp);
REGISTER_KERNEL_BUILDER(Name("TrimtabAttention").Device(tensorflow::DEVICE_CPU), AttentionOp);
REGISTER_KERNEL_BUILDER(Name("TrimtabAttentionBackward").Device(tensorflow::DEVICE_CPU), AttentionBackwardOp);
REGISTER_KERNEL_BUILDER(Name("TrimtabMerge").Device(tensorflow::DEVICE_CPU), MergeOp);
REGISTER_KERNEL_BUILDER(Name("TrimtabLoraBackward").Device(tensorflow::DEVICE_CPU), LoraBackwardOp);

}  // namespace
}  // namespace trimtab
