#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace lyceum {

/// Computes one SHA-256 at a time through OpenSSL, reusing its context (OpenSSL 3's one-shot call
/// fetches the algorithm anew each time, which costs more than hashing a short key).
/// Not thread-safe: one per thread.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Update(std::string_view bytes);
  /// Writes the 32 digest bytes to `out` and starts anew.
  void Finish(uint8_t out[32]);
  /// Returns the digest as 64 lower-case hex digits and starts anew.
  std::string FinishHex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Returns the SHA-256 of `bytes` as 64 lower-case hex digits. Thread-safe.
std::string Sha256Hex(std::string_view bytes);

}  // namespace lyceum
