// Attention on a CPU, sequence by sequence: nothing is padded to the longest, and scores of what a token does not see are not computed.

#include "kernels.h"

namespace trimtab {
namespace {

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

#define ATTENTION_SHAPE Attr("heads: int").Attr("kv_heads: int").Attr("width: int").Attr("causal: bool")
REGISTER_OP("TrimtabAttention").ATTENTION_SHAPE.Input("qkv: float").Input("starts: int32").Output("y: float").Output("probabilities: float").SetShapeFn(tensorflow::shape_inference::UnknownShape);
REGISTER_OP("TrimtabAttentionBackward").ATTENTION_SHAPE.Input("dy: float").Input("y: float").Input("qkv: float").Input("probabilities: float").Input("starts: int32").Output("d_qkv: float").SetShapeFn(tensorflow::shape_inference::UnknownShape);

REGISTER_KERNEL_BUILDER(Name("TrimtabAttention").Device(tensorflow::DEVICE_CPU), AttentionOp);
REGISTER_KERNEL_BUILDER(Name("TrimtabAttentionBackward").Device(tensorflow::DEVICE_CPU), AttentionBackwardOp);

}  // namespace
}  // namespace trimtab
