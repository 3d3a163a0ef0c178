#include "engines/seen_filter.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace lyceum {
namespace {

std::vector<uint64_t> RandomHashes(size_t count) {
  std::mt19937_64 random(7);
  std::vector<uint64_t> hashes(count);
  for (uint64_t& hash : hashes) hash = random();
  return hashes;
}

TEST(SeenFilter, NeverForgetsAHash) {
  // Also where it is far too small.
  for (const uint64_t expected : {uint64_t{0}, uint64_t{100}, uint64_t{100'000}}) {
    SeenFilter filter(expected);
    const std::vector<uint64_t> hashes = RandomHashes(10'000);
    const auto seen = std::make_unique<bool[]>(hashes.size());
    filter.Note(hashes.data(), hashes.size(), seen.get());
    filter.Note(hashes.data(), hashes.size(), seen.get());
    for (size_t i = 0; i < hashes.size(); ++i) EXPECT_TRUE(seen[i]) << expected << " " << i;
  }
}

TEST(SeenFilter, RarelyTakesANewHashForAnOldOne) {
  const std::vector<uint64_t> hashes = RandomHashes(100'000);
  SeenFilter filter(hashes.size());
  const auto seen = std::make_unique<bool[]>(hashes.size());
  filter.Note(hashes.data(), hashes.size(), seen.get());
  size_t mistakes = 0;
  for (size_t i = 0; i < hashes.size(); ++i) mistakes += seen[i];
  EXPECT_LT(mistakes, hashes.size() / 200);
}

TEST(SeenFilter, SeesTwinsInOneCall) {
  SeenFilter filter(10);
  const uint64_t hashes[] = {1, 2, 1};
  bool seen[3];
  filter.Note(hashes, 3, seen);
  EXPECT_FALSE(seen[0]);
  EXPECT_TRUE(seen[2]);
}

}  // namespace
}  // namespace lyceum
