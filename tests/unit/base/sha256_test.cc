#include "base/sha256.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "base/hex.h"

namespace lyceum {
namespace {

struct Case {
  std::string bytes;
  const char* digest;
};

// The first four are the examples of FIPS 180-2 and the digest of nothing.
std::vector<Case> Cases() {
  return {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {std::string(1000000, 'a'),
       "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
      {std::string("\0", 1), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
  };
}

TEST(Sha256, KnownDigests) {
  for (const Case& c : Cases()) {
    EXPECT_EQ(Sha256Hex(c.bytes), c.digest) << c.bytes.size();
  }
}

TEST(Sha256, FinishStartsAnew) {
  Sha256 hash;
  for (const Case& c : Cases()) {
    hash.Update(c.bytes);
    EXPECT_EQ(hash.FinishHex(), c.digest) << c.bytes.size();
  }
}

TEST(Sha256, UpdatesAddUp) {
  Sha256 hash;
  hash.Update("a");
  hash.Update("");
  hash.Update("bc");
  EXPECT_EQ(hash.FinishHex(), Sha256Hex("abc"));
}

TEST(Sha256, FinishWritesTheBytesOfTheHexForm) {
  Sha256 hash;
  hash.Update("abc");
  uint8_t digest[32];
  hash.Finish(digest);
  std::string hex(64, ' ');
  WriteHex(digest, sizeof(digest), hex.data());
  EXPECT_EQ(hex, Sha256Hex("abc"));
}

TEST(Sha256, ThreadsDoNotDisturbEachOther) {
  std::vector<std::thread> threads;
  std::vector<int> failures(4);
  for (size_t t = 0; t < failures.size(); ++t) {
    threads.emplace_back([t, &failures] {
      for (int i = 0; i < 200; ++i) failures[t] += Sha256Hex("abc") != Cases()[1].digest;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, std::vector<int>(4));
}

TEST(WriteHex, LowerCaseAndLeadingZeros) {
  const uint8_t bytes[] = {0x00, 0x0f, 0xa0, 0xff};
  char text[8];
  WriteHex(bytes, sizeof(bytes), text);
  EXPECT_EQ(std::string(text, sizeof(text)), "000fa0ff");
}

}  // namespace
}  // namespace lyceum
