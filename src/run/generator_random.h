#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

namespace lyceum {

/// Random numbers of the generator, made of integer arithmetic only, so that they are the same on
/// every machine. Everything is a function of a key: no number depends on how many were drawn
/// elsewhere, which is what makes each file independent of all others.

/// Spreads every bit of `x` over all 64 bits; a bijection.
inline constexpr uint64_t Mix(uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9;
  x ^= x >> 27;
  x *= 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

/// Returns the key of the `value`-th thing below `key`.
inline constexpr uint64_t Combine(uint64_t key, uint64_t value) {
  return Mix(key ^ Mix(value + 0x9e3779b97f4a7c15));
}

inline constexpr uint64_t HashText(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return Mix(hash);
}

/// Maps 64 random bits to 0 .. size-1.
inline constexpr uint64_t Scale(uint64_t bits, uint64_t size) {
  return static_cast<uint64_t>(static_cast<unsigned __int128>(bits) * size >> 64);
}

/// A probability as a count of 2^32.
using Chance = uint64_t;
inline constexpr Chance kAlways = uint64_t{1} << 32;

/// Returns part / whole, at most 1; 0 if `whole` is 0.
inline constexpr Chance ChanceOf(uint64_t part, uint64_t whole) {
  if (whole == 0) return 0;
  if (part >= whole) return kAlways;
  return static_cast<Chance>((static_cast<unsigned __int128>(part) << 32) / whole);
}

/// A sequence of random numbers, wholly determined by its key.
class Random {
 public:
  explicit Random(uint64_t key) : state_(key) {}

  uint64_t Next() { return Mix(state_ += 0x9e3779b97f4a7c15); }
  /// Returns 0 .. size-1. REQUIRES: size > 0.
  uint64_t Below(uint64_t size) { return Scale(Next(), size); }
  bool Happens(Chance chance) { return (Next() >> 32) < chance; }

 private:
  uint64_t state_;
};

/// A random order of all pairs (0 .. left_size-1, 0 .. right_size-1), computed pair by pair. It is
/// a Feistel network over two number ranges: each round adds to one side something that depends on
/// the other side and can be taken away again, so different indexes give different pairs.
class DistinctPairs {
 public:
  DistinctPairs(uint64_t key, uint64_t left_size, uint64_t right_size)
      : left_size_(left_size), right_size_(right_size) {
    for (int i = 0; i < kRounds; ++i) round_keys_[i] = Combine(key, i);
  }

  uint64_t size() const { return left_size_ * right_size_; }

  /// REQUIRES: index < size().
  std::pair<uint64_t, uint64_t> At(uint64_t index) const {
    uint64_t left = index % left_size_;
    uint64_t right = index / left_size_;
    for (int i = 0; i < kRounds; i += 2) {
      right = Add(right, Scale(Mix(left + round_keys_[i]), right_size_), right_size_);
      left = Add(left, Scale(Mix(right + round_keys_[i + 1]), left_size_), left_size_);
    }
    return {left, right};
  }

 private:
  static constexpr int kRounds = 4;

  static uint64_t Add(uint64_t a, uint64_t b, uint64_t size) {
    return a + b >= size ? a + b - size : a + b;
  }

  uint64_t left_size_;
  uint64_t right_size_;
  uint64_t round_keys_[kRounds];
};

}  // namespace lyceum
