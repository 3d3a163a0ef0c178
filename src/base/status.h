#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace lyceum {

/// Says what went wrong in terms of what the caller should do next.
enum class ErrorCode {
  kOk,
  /// The spec or the command line is wrong. Exit 3; a retry is useless until the user edits it.
  kBadSpec,
  /// The quality gate of a batch date is closed. Exit 2; a retry is useless until the data changes.
  kGateClosed,
  /// A file, disk, lock or server failed. Exit 1; a retry may help.
  kUnavailable,
  /// Another writer came between: nothing happened, and the whole transaction may be tried again at
  /// once. Exit 1 if it was tried often enough.
  kConflict,
  /// The connection broke. If a COMMIT was under way, whether it happened is unknown: connect again
  /// and look. Exit 1 if that fails too.
  kConnectionLost,
  /// What was read before no longer holds: start again from reading. Exit 1 after some tries.
  kStale,
  /// A number of the data does not fit the type that holds it. Exit 2; a retry is useless until the
  /// data changes.
  kOutOfRange,
  /// The user pressed Ctrl-C. Exit 130.
  kInterrupted,
  /// The process was asked to terminate. Exit 143.
  kTerminated,
  /// A promise of Lyceum itself is broken: a bug. Exit 1.
  kInternal,
};

/// Holds success, or an error code with a message for the user.
/// Messages are lower case, without a final full stop, and never hold a secret or a row value.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}
  static Status Ok() { return Status(); }

  bool ok() const { return code_ == ErrorCode::kOk; }
  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  ErrorCode code_ = ErrorCode::kOk;
  std::string message_;
};

inline Status BadSpec(std::string message) { return {ErrorCode::kBadSpec, std::move(message)}; }
inline Status GateClosed(std::string message) {
  return {ErrorCode::kGateClosed, std::move(message)};
}
inline Status Unavailable(std::string message) {
  return {ErrorCode::kUnavailable, std::move(message)};
}
inline Status Stale(std::string message) { return {ErrorCode::kStale, std::move(message)}; }
inline Status Internal(std::string message) { return {ErrorCode::kInternal, std::move(message)}; }

/// Holds a value of type T, or the Status that says why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}        // NOLINT: implicit on purpose
  Result(Status status) : state_(std::move(status)) {  // NOLINT: implicit on purpose
    assert(!std::get<Status>(state_).ok());
  }

  bool ok() const { return std::holds_alternative<T>(state_); }
  Status status() const { return ok() ? Status() : std::get<Status>(state_); }

  /// REQUIRES: ok().
  T& value() & { return std::get<T>(state_); }
  const T& value() const& { return std::get<T>(state_); }
  T&& value() && { return std::get<T>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, Status> state_;
};

}  // namespace lyceum

/// Leaves the enclosing function with the Status of `expression` if it failed.
#define RETURN_IF_ERROR(expression)                                 \
  do {                                                              \
    if (auto status_ = (expression); !status_.ok()) return status_; \
  } while (false)

#define LYCEUM_JOIN_INNER(a, b) a##b
#define LYCEUM_JOIN(a, b) LYCEUM_JOIN_INNER(a, b)

/// Evaluates `expression` (a Result) and moves its value into `target`, or leaves with its Status.
#define ASSIGN_OR_RETURN(target, expression) \
  ASSIGN_OR_RETURN_INNER(LYCEUM_JOIN(result_, __LINE__), target, expression)
#define ASSIGN_OR_RETURN_INNER(result, target, expression) \
  auto result = (expression);                              \
  if (!result.ok()) return result.status();                \
  target = std::move(result).value()
