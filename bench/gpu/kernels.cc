// What a program asks of the GPU: time of its kernels and of its calls of the driver, in the last milliseconds before it ends.
// The driver loads it by itself, into any program:
//   g++ -shared -fPIC -O2 -DKERNEL=CUpti_ActivityKernelN -I CUPTI/include kernels.cc -o libkernels.so CUPTI/lib/libcupti.so   (kernels.sh)
//   KERNELS=report.txt KERNELS_MS=500 CUDA_INJECTION64_PATH=libkernels.so PROGRAM
#include <cupti_activity.h>
#include <cupti_callbacks.h>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace {
struct Span { uint64_t start, end; std::string name; };
std::mutex lock;
std::vector<Span> kernels, calls;
constexpr size_t kBuffer = 8 << 20;

void Requested(uint8_t **buffer, size_t *size, size_t *records) {
  *size = kBuffer;
  *buffer = static_cast<uint8_t *>(aligned_alloc(8, kBuffer));
  *records = 0;
}

void Completed(CUcontext, uint32_t, uint8_t *buffer, size_t, size_t valid) {
  const std::lock_guard<std::mutex> guard(lock);
  CUpti_Activity *record = nullptr;
  while (cuptiActivityGetNextRecord(buffer, valid, &record) == CUPTI_SUCCESS) {
    if (record->kind == CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL) {
      const auto *kernel = reinterpret_cast<KERNEL *>(record);
      kernels.push_back({kernel->start, kernel->end, kernel->name == nullptr ? "?" : kernel->name});
    } else if (record->kind == CUPTI_ACTIVITY_KIND_MEMCPY || record->kind == CUPTI_ACTIVITY_KIND_MEMSET) {
      const auto *copy = reinterpret_cast<CUpti_ActivityMemcpy6 *>(record);
      if (record->kind == CUPTI_ACTIVITY_KIND_MEMCPY) kernels.push_back({copy->start, copy->end, "memcpy " + std::to_string(copy->copyKind)});
    } else if (record->kind == CUPTI_ACTIVITY_KIND_DRIVER) {
      const auto *call = reinterpret_cast<CUpti_ActivityAPI *>(record);
      const char *name = "?";
      cuptiGetCallbackName(CUPTI_CB_DOMAIN_DRIVER_API, call->cbid, &name);
      calls.push_back({call->start, call->end, name});
    }
  }
  free(buffer);
}

void Table(FILE *out, const char *title, const std::vector<Span> &spans, uint64_t from) {
  std::map<std::string, std::pair<uint64_t, uint64_t>> sums;
  std::vector<std::pair<uint64_t, uint64_t>> busy;
  uint64_t total = 0, count = 0, covered = 0, reached = 0;
  for (const Span &span : spans) {
    if (span.start < from) continue;
    auto &[calls_of, time] = sums[span.name.substr(0, 110)];
    calls_of++, time += span.end - span.start, total += span.end - span.start, count++;
    busy.emplace_back(span.start, span.end);
  }
  std::sort(busy.begin(), busy.end());
  for (const auto &[start, end] : busy) {
    if (end > reached) covered += end - std::max(start, reached), reached = end;
  }
  fprintf(out, "%s: %lu, %.2f ms in all, %.2f ms covered\n", title, count, total / 1e6, covered / 1e6);
  std::vector<std::pair<std::string, std::pair<uint64_t, uint64_t>>> rows(sums.begin(), sums.end());
  std::sort(rows.begin(), rows.end(), [](const auto &a, const auto &b) { return a.second.second > b.second.second; });
  for (size_t i = 0; i < rows.size() && i < 60; i++) fprintf(out, "%10.3f ms %7lu  %s\n", rows[i].second.second / 1e6, rows[i].second.first, rows[i].first.c_str());
}

// Where the card waits: what begins behind a gap, by the gap's length.
void Gaps(FILE *out, std::vector<Span> spans, uint64_t from) {
  constexpr uint64_t kLimits[] = {1000, 2000, 4000, 10000, 100000, 1000000, UINT64_MAX};
  std::sort(spans.begin(), spans.end(), [](const Span &a, const Span &b) { return a.start < b.start; });
  std::map<std::string, std::pair<uint64_t, uint64_t>> long_ones;
  std::vector<std::pair<uint64_t, uint64_t>> sums(std::size(kLimits));
  uint64_t reached = 0;
  for (const Span &span : spans) {
    if (span.start < from) continue;
    if (reached > 0 && span.start > reached) {
      const uint64_t gap = span.start - reached;
      const size_t bucket = std::find_if(std::begin(kLimits), std::end(kLimits), [&](uint64_t limit) { return gap <= limit; }) - kLimits;
      sums[bucket].first += gap, sums[bucket].second++;
      if (gap > 10000) long_ones[span.name.substr(0, 110)].first += gap, long_ones[span.name.substr(0, 110)].second++;
    }
    reached = std::max(reached, span.end);
  }
  fprintf(out, "gaps\n");
  for (size_t i = 0; i < sums.size(); i++) fprintf(out, "%10.3f ms %7lu  up to %.0f us\n", sums[i].first / 1e6, sums[i].second, kLimits[i] / 1e3);
  for (const auto &[name, sum] : long_ones) fprintf(out, "%10.3f ms %7lu  over 10 us, before %s\n", sum.first / 1e6, sum.second, name.c_str());
}

void Report() {
  cuptiActivityFlushAll(1);
  const std::lock_guard<std::mutex> guard(lock);
  const char *path = getenv("KERNELS"), *window = getenv("KERNELS_MS");
  FILE *out = path == nullptr ? stderr : fopen(path, "a");
  uint64_t last = 0;
  for (const Span &kernel : kernels) last = std::max(last, kernel.end);
  const uint64_t length = static_cast<uint64_t>(1e6 * (window == nullptr ? 500 : atof(window)));
  const uint64_t from = last > length ? last - length : 0;
  fprintf(out, "the last %.0f ms\n", length / 1e6);
  Table(out, "kernels", kernels, from);
  Gaps(out, kernels, from);
  Table(out, "calls of the driver", calls, from);
  if (path != nullptr) fclose(out);
}
}  // namespace

extern "C" int InitializeInjection() {
  cuptiActivityRegisterCallbacks(Requested, Completed);
  for (const CUpti_ActivityKind kind : {CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL, CUPTI_ACTIVITY_KIND_MEMCPY}) cuptiActivityEnable(kind);
  if (getenv("KERNELS_CALLS") != nullptr) cuptiActivityEnable(CUPTI_ACTIVITY_KIND_DRIVER);
  atexit(Report);
  return 1;
}
