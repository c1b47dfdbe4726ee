// Small tensors on their way to a GPU and back, beside what it computes. An addition of Trimtab to the binding of @tensorflow/tfjs-node, compiled
// with it.
//
// TensorFlow copies to and from a GPU behind all that the GPU has been given to do, and its caller waits for the copy. Who uploads the next batch then
// waits for the last one's backward pass, and the GPU waits for him; who reads a loss waits for the backward pass that he issued behind it. Here
// both go through pinned memory and streams of their own, and wait by events for what they need: nobody waits for an upload, and a read waits for
// what was issued before it began.

#ifndef TRIMTAB_STAGING_H_
#define TRIMTAB_STAGING_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <unordered_map>
#include <vector>
#include "tensorflow/c/eager/c_api.h"

namespace tfnodejs {

struct Driver;

// 90 for 9.0; 0 where CUDA's driver does not say.
int ComputeCapability(int gpu);

class Staging {
 public:
  // Without CUDA's driver, or where it refuses something, every tensor takes TensorFlow's way.
  Staging(TFE_Context *context, const char *device);
  ~Staging();
  Staging(const Staging &) = delete;
  Staging &operator=(const Staging &) = delete;

  // The tensor's copy on the GPU; null where it is too large or there is no room.
  TFE_TensorHandle *Upload(TFE_TensorHandle *host, const std::vector<int64_t> &shape);

  // Begins to read a tensor.
  void BeginRead(int32_t id, TFE_TensorHandle *tensor);
  // Whether a read was begun; if so its bytes, which are gone with the next call.
  bool EndRead(int32_t id, const void **data, size_t *bytes);

 private:
  // The same stretch of both arenas. Places come in powers of two.
  struct Place {
    size_t offset;
    size_t size_class;
  };
  // A place whose tensor has been deleted, while kernels that read it may still stand in the queue.
  struct Released {
    Place place;
    void *event;
  };
  struct Read {
    Place place;
    size_t bytes;
    void *event;
  };
  void Open();
  bool Take(size_t bytes, Place *place);
  void Free(const Place &place) { free_[place.size_class].push_back(place.offset); }
  void *Mark(void *stream);
  static void Release(void *data, size_t bytes, void *self);

  TFE_Context *const tensorflow_;
  const char *const device_;
  // Null until a tensor has shown the stream, and for ever where CUDA's driver refuses something.
  const Driver *driver_ = nullptr;
  bool met_ = false;
  void *context_ = nullptr;
  // TensorFlow's stream of computation, and ours.
  void *computing_ = nullptr, *uploading_ = nullptr, *reading_ = nullptr;
  unsigned long long arena_ = 0;
  char *pinned_ = nullptr;
  size_t used_ = 0;
  // TensorFlow may release tensors on threads of its own.
  std::mutex lock_;
  std::deque<Released> released_;
  std::vector<std::vector<size_t>> free_;
  std::vector<void *> events_;
  std::unordered_map<int32_t, Read> reads_;
};

}  // namespace tfnodejs

#endif  // TRIMTAB_STAGING_H_
