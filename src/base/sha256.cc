#include "base/sha256.h"

#include <openssl/evp.h>

#include <cstdlib>

#include "base/hex.h"

namespace lyceum {
namespace {

constexpr size_t kDigestBytes = 32;

// Fetched once per process and never freed: an EVP_MD is immutable, threads may share it.
const EVP_MD* Algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}

// OpenSSL fails here only without memory or without any crypto provider. Going on would write wrong
// keys, so the process ends.
void Require(bool succeeded) {
  if (!succeeded) std::abort();
}

}  // namespace

struct Sha256::State {
  State() : context(EVP_MD_CTX_new()) {
    Require(context != nullptr && Algorithm() != nullptr);
    Start();
  }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void Start() { Require(EVP_DigestInit_ex2(context, Algorithm(), nullptr) == 1); }

  EVP_MD_CTX* const context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;

void Sha256::Update(std::string_view bytes) {
  Require(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

void Sha256::Finish(uint8_t out[kDigestBytes]) {
  Require(EVP_DigestFinal_ex(state_->context, out, nullptr) == 1);
  state_->Start();
}

std::string Sha256::FinishHex() {
  uint8_t digest[kDigestBytes];
  Finish(digest);
  return Hex({reinterpret_cast<const char*>(digest), kDigestBytes});
}

std::string Sha256Hex(std::string_view bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash.FinishHex();
}

}  // namespace lyceum
