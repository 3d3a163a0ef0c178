#include "base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace lyceum {
namespace {

TEST(ForEachInParallel, CallsEachOnce) {
  std::vector<std::atomic<int>> calls(1000);
  ASSERT_TRUE(ForEachInParallel(calls.size(), [&](size_t i) {
                ++calls[i];
                return Status::Ok();
              }).ok());
  for (const auto& count : calls) EXPECT_EQ(count, 1);
}

TEST(ForEachInParallel, TellsTheFirstFailureAndStartsNoMore) {
  std::atomic<size_t> most{0};
  const Status status = ForEachInParallel(100'000, [&](size_t i) -> Status {
    size_t before = most;
    while (before < i && !most.compare_exchange_weak(before, i)) {
    }
    if (i == 10 || i == 11) return Unavailable(i == 10 ? "ten" : "eleven");
    return Status::Ok();
  });
  EXPECT_EQ(status.message(), "ten");
  EXPECT_LT(most, 99'999u);
}

TEST(ForEachInParallel, DoesNothingForNothing) {
  EXPECT_TRUE(ForEachInParallel(0, [](size_t) { return Unavailable("called"); }).ok());
}

}  // namespace
}  // namespace lyceum
