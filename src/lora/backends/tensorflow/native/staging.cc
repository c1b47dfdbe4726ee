#include "staging.h"

#include <dlfcn.h>
#include <cstring>
#include <type_traits>
#include "tensorflow/c/eager/c_api_experimental.h"
#include "tensorflow/core/framework/common_shape_fns.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tf_auto_status.h"
#include "tf_auto_tensor.h"
#include "xla/stream_executor/stream.h"

namespace trimtab {
namespace {

// What an op sees of the GPU that it runs on, and the C API of no tensor tells without waiting for the GPU.
struct Seen {
  void *stream = nullptr;
  int gpu = 0;
  const void *data = nullptr;
  size_t bytes = 0;
};

// Ops run on the thread that executes them.
thread_local Seen seen;

class LookOp : public tensorflow::OpKernel {
 public:
  explicit LookOp(tensorflow::OpKernelConstruction *construction) : OpKernel(construction) {}
  void Compute(tensorflow::OpKernelContext *context) override {
    const auto data = context->input(0).tensor_data();
    seen = {context->op_device_context()->stream()->platform_specific_handle().stream, context->device()->tensorflow_accelerator_device_info()->gpu_id, data.data(), data.size()};
  }
};

REGISTER_OP("TrimtabLook").Input("x: float").SetIsStateful().SetShapeFn(tensorflow::shape_inference::NoOutputs);
REGISTER_KERNEL_BUILDER(Name("TrimtabLook").Device(tensorflow::DEVICE_GPU), LookOp);

bool Look(TFE_Context *context, const char *device, TFE_TensorHandle *tensor) {
  TF_Status *const status = TF_NewStatus();
  TFE_Op *const op = TFE_NewOp(context, "TrimtabLook", status);
  int outputs = 0;
  seen = {};
  if (TF_GetCode(status) == TF_OK) TFE_OpSetDevice(op, device, status);
  if (TF_GetCode(status) == TF_OK) TFE_OpAddInput(op, tensor, status);
  if (TF_GetCode(status) == TF_OK) TFE_Execute(op, nullptr, &outputs, status);
  TFE_DeleteOp(op);
  TF_DeleteStatus(status);
  return seen.stream != nullptr;
}

}  // namespace
}  // namespace trimtab

namespace tfnodejs {

// What we use of CUDA's driver. It is opened by name: there is nothing of CUDA to compile against, and a machine without a GPU has none.
struct Driver {
  int (*init)(unsigned);
  int (*device)(int *, int);
  int (*attribute)(int *, int, int);
  int (*retain)(void **, int);
  int (*push)(void *);
  int (*pop)(void **);
  int (*allocate)(unsigned long long *, size_t);
  int (*free)(unsigned long long);
  int (*pin)(void **, size_t, unsigned);
  int (*unpin)(void *);
  int (*stream)(void **, unsigned);
  int (*event)(void **, unsigned);
  int (*record)(void *, void *);
  int (*query)(void *);
  int (*wait)(void *);
  int (*order)(void *, void *, unsigned);
  int (*upload)(unsigned long long, const void *, size_t, void *);
  int (*download)(void *, unsigned long long, size_t, void *);
};

namespace {

// The smallest is what every kernel's alignment divides.
constexpr size_t kSmallest = 256, kLargest = 4 << 20, kArena = 64 << 20;
constexpr unsigned kNonBlocking = 1, kWithoutTiming = 2;
constexpr int kMajor = 75, kMinor = 76;

const Driver *OpenDriver() {
  static const Driver *const opened = []() -> const Driver * {
    void *const library = dlopen("libcuda.so.1", RTLD_NOW);
    if (library == nullptr) return nullptr;
    auto *driver = new Driver();
    bool found = true;
    const auto find = [&](auto &function, const char *name) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
      found = found && function != nullptr;
    };
    find(driver->init, "cuInit");
    find(driver->device, "cuDeviceGet");
    find(driver->attribute, "cuDeviceGetAttribute");
    find(driver->retain, "cuDevicePrimaryCtxRetain");
    find(driver->push, "cuCtxPushCurrent_v2");
    find(driver->pop, "cuCtxPopCurrent_v2");
    find(driver->allocate, "cuMemAlloc_v2");
    find(driver->free, "cuMemFree_v2");
    find(driver->pin, "cuMemHostAlloc");
    find(driver->unpin, "cuMemFreeHost");
    find(driver->stream, "cuStreamCreate");
    find(driver->event, "cuEventCreate");
    find(driver->record, "cuEventRecord");
    find(driver->query, "cuEventQuery");
    find(driver->wait, "cuEventSynchronize");
    find(driver->order, "cuStreamWaitEvent");
    find(driver->upload, "cuMemcpyHtoDAsync_v2");
    find(driver->download, "cuMemcpyDtoHAsync_v2");
    return found && driver->init(0) == 0 ? driver : nullptr;
  }();
  return opened;
}

// TensorFlow's context of the GPU, current while this lives.
class Current {
 public:
  Current(const Driver &driver, void *context) : driver_(driver) { driver.push(context); }
  ~Current() {
    void *before = nullptr;
    driver_.pop(&before);
  }

 private:
  const Driver &driver_;
};

size_t SizeClass(size_t bytes) {
  size_t found = 0;
  while ((kSmallest << found) < bytes) found++;
  return found;
}

}  // namespace

int ComputeCapability(int gpu) {
  const Driver *const driver = OpenDriver();
  int device = 0, major = 0, minor = 0;
  if (driver == nullptr || driver->device(&device, gpu) != 0 || driver->attribute(&major, kMajor, device) != 0 || driver->attribute(&minor, kMinor, device) != 0) return 0;
  return 10 * major + minor;
}

Staging::Staging(TFE_Context *context, const char *device) : tensorflow_(context), device_(device), free_(SizeClass(kLargest) + 1) {}

void Staging::Open() {
  const Driver *const driver = OpenDriver();
  int handle = 0;
  if (driver == nullptr || driver->device(&handle, trimtab::seen.gpu) != 0 || driver->retain(&context_, handle) != 0) return;
  const Current current(*driver, context_);
  const bool opened = driver->stream(&uploading_, kNonBlocking) == 0 && driver->stream(&reading_, kNonBlocking) == 0 && driver->allocate(&arena_, kArena) == 0 && driver->pin(reinterpret_cast<void **>(&pinned_), kArena, 0) == 0;
  computing_ = trimtab::seen.stream;
  if (opened) driver_ = driver;
}

Staging::~Staging() {
  if (driver_ == nullptr) return;
  const Current current(*driver_, context_);
  driver_->free(arena_);
  driver_->unpin(pinned_);
}

TFE_TensorHandle *Staging::Upload(TFE_TensorHandle *host, const std::vector<int64_t> &shape) {
  TF_AutoStatus status;
  if (!met_ && TFE_TensorHandleDataType(host) == TF_FLOAT) {
    // The first one shows the stream that is computed on.
    met_ = true;
    TFE_TensorHandle *const first = TFE_TensorHandleCopyToDevice(host, tensorflow_, device_, status.status);
    if (TF_GetCode(status.status) != TF_OK) return nullptr;
    if (trimtab::Look(tensorflow_, device_, first)) Open();
    return first;
  }
  if (driver_ == nullptr) return nullptr;
  const TF_AutoTensor tensor(TFE_TensorHandleResolve(host, status.status));
  if (TF_GetCode(status.status) != TF_OK) return nullptr;
  const size_t bytes = TF_TensorByteSize(tensor.tensor);
  Place place;
  if (!Take(bytes, &place)) return nullptr;
  std::memcpy(pinned_ + place.offset, TF_TensorData(tensor.tensor), bytes);
  const unsigned long long address = arena_ + place.offset;
  {
    const Current current(*driver_, context_);
    const std::lock_guard<std::mutex> guard(lock_);
    void *const copied = driver_->upload(address, pinned_ + place.offset, bytes, uploading_) == 0 ? Mark(uploading_) : nullptr;
    const bool ordered = copied != nullptr && driver_->order(computing_, copied, 0) == 0;
    if (copied != nullptr) events_.push_back(copied);
    // The place is lost: whether the copy is under way nobody knows.
    if (!ordered) return nullptr;
  }
  return TFE_NewTensorHandleFromDeviceMemory(tensorflow_, device_, TF_TensorType(tensor.tensor), shape.data(), static_cast<int>(shape.size()), reinterpret_cast<void *>(address), bytes, &Release, this, status.status);
}

void Staging::BeginRead(int32_t id, TFE_TensorHandle *tensor) {
  if (driver_ == nullptr || TFE_TensorHandleDataType(tensor) != TF_FLOAT || reads_.count(id) > 0 || !trimtab::Look(tensorflow_, device_, tensor)) return;
  const trimtab::Seen memory = trimtab::seen;
  Place place;
  if (!Take(memory.bytes, &place)) return;
  const Current current(*driver_, context_);
  const std::lock_guard<std::mutex> guard(lock_);
  void *const computed = Mark(computing_);
  const bool ordered = computed != nullptr && driver_->order(reading_, computed, 0) == 0;
  if (computed != nullptr) events_.push_back(computed);
  if (!ordered || driver_->download(pinned_ + place.offset, reinterpret_cast<unsigned long long>(memory.data), memory.bytes, reading_) != 0) return;
  if (void *const copied = Mark(reading_)) reads_.emplace(id, Read{place, memory.bytes, copied});
}

bool Staging::EndRead(int32_t id, const void **data, size_t *bytes) {
  const auto found = reads_.find(id);
  if (found == reads_.end()) return false;
  const Read read = found->second;
  reads_.erase(found);
  const Current current(*driver_, context_);
  const bool copied = driver_->wait(read.event) == 0;
  const std::lock_guard<std::mutex> guard(lock_);
  events_.push_back(read.event);
  Free(read.place);
  *data = pinned_ + read.place.offset;
  *bytes = read.bytes;
  return copied;
}

bool Staging::Take(size_t bytes, Place *place) {
  if (bytes == 0 || bytes > kLargest) return false;
  const std::lock_guard<std::mutex> guard(lock_);
  {
    const Current current(*driver_, context_);
    // In the order in which they were released, which is that of their events.
    for (; !released_.empty() && driver_->query(released_.front().event) == 0; released_.pop_front()) {
      Free(released_.front().place);
      events_.push_back(released_.front().event);
    }
  }
  place->size_class = SizeClass(bytes);
  auto &places = free_[place->size_class];
  if (!places.empty()) {
    place->offset = places.back();
    places.pop_back();
    return true;
  }
  const size_t size = kSmallest << place->size_class;
  if (used_ + size > kArena) return false;
  place->offset = used_;
  used_ += size;
  return true;
}

// An event that happens when the stream has done all that it has now; to be called with the lock. Whoever waits for it by `order` may give it back at once.
void *Staging::Mark(void *stream) {
  void *event = nullptr;
  if (!events_.empty()) {
    event = events_.back();
    events_.pop_back();
  } else if (driver_->event(&event, kWithoutTiming) != 0) {
    return nullptr;
  }
  return driver_->record(event, stream) == 0 ? event : nullptr;
}

void Staging::Release(void *data, size_t bytes, void *self) {
  auto *const staging = static_cast<Staging *>(self);
  const Current current(*staging->driver_, staging->context_);
  const std::lock_guard<std::mutex> guard(staging->lock_);
  // Without an event the place is lost, which is safe.
  if (void *const event = staging->Mark(staging->computing_)) {
    staging->released_.push_back({{static_cast<size_t>(reinterpret_cast<unsigned long long>(data) - staging->arena_), SizeClass(bytes)}, event});
  }
}

}  // namespace tfnodejs
