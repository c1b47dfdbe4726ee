// Ops of Trimtab for a CPU, registered beside TensorFlow's own: what would otherwise be many passes over memory is one. TensorFlow's
// products stay TensorFlow's. All numbers are float32; rows are shared out over TensorFlow's threads, and what a row gives does not
// depend on how.

#include "kernels.h"

namespace trimtab {
namespace {

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

REGISTER_OP("TrimtabGelu").Input("x: float").Output("y: float").SetShapeFn(tensorflow::shape_inference::UnknownShape);
REGISTER_OP("TrimtabGeluBackward").Input("dy: float").Input("x: float").Output("dx: float").SetShapeFn(tensorflow::shape_inference::UnknownShape);
REGISTER_OP("TrimtabLayerNorm").Attr("N: int >= 1").Input("summands: N * float").Input("weight: float").Input("bias: float").Input("epsilon: float").Output("y: float").Output("normal: float").Output("inverse: float").SetShapeFn(tensorflow::shape_inference::UnknownShape);
REGISTER_OP("TrimtabLayerNormBackward").Input("dy: float").Input("normal: float").Input("inverse: float").Input("weight: float").Output("dx: float").SetShapeFn(tensorflow::shape_inference::UnknownShape);
REGISTER_OP("TrimtabMerge").Attr("N: int >= 1").Attr("columns: list(int)").Input("weight: float").Input("a: float").Input("scale: float").Input("b: N * float").Output("merged: float").SetShapeFn(tensorflow::shape_inference::UnknownShape);
REGISTER_OP("TrimtabLoraBackward").Attr("N: int >= 1").Attr("columns: list(int)").Input("dy: float").Input("x: float").Input("u: float").Input("a: float").Input("scale: float").Input("b: N * float").Output("da: float").Output("db: N * float").SetShapeFn(tensorflow::shape_inference::UnknownShape);

REGISTER_KERNEL_BUILDER(Name("TrimtabGelu").Device(tensorflow::DEVICE_CPU), GeluOp);
REGISTER_KERNEL_BUILDER(Name("TrimtabGeluBackward").Device(tensorflow::DEVICE_CPU), GeluBackwardOp);
REGISTER_KERNEL_BUILDER(Name("TrimtabLayerNorm").Device(tensorflow::DEVICE_CPU), LayerNormOp);
REGISTER_KERNEL_BUILDER(Name("TrimtabLayerNormBackward").Device(tensorflow::DEVICE_CPU), LayerNormBackwardOp);
REGISTER_KERNEL_BUILDER(Name("TrimtabMerge").Device(tensorflow::DEVICE_CPU), MergeOp);
REGISTER_KERNEL_BUILDER(Name("TrimtabLoraBackward").Device(tensorflow::DEVICE_CPU), LoraBackwardOp);

}  // namespace
}  // namespace trimtab
