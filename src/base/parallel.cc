#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace lyceum {

Status ForEachInParallel(size_t count, const std::function<Status(size_t)>& work) {
  std::vector<Status> statuses(count);
  std::atomic<size_t> next{0};
  std::atomic<bool> failed{false};
  const auto run = [&] {
    while (!failed) {
      const size_t i = next.fetch_add(1);
      if (i >= count) return;
      statuses[i] = work(i);
      if (!statuses[i].ok()) failed = true;
    }
  };
  std::vector<std::thread> threads;
  const size_t cores = std::max(1u, std::thread::hardware_concurrency());
  for (size_t i = 1; i < std::min(count, cores); ++i) threads.emplace_back(run);
  run();
  for (std::thread& thread : threads) thread.join();
  for (Status& status : statuses) RETURN_IF_ERROR(std::move(status));
  return Status::Ok();
}

}  // namespace lyceum
