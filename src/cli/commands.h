#pragma once

#include <atomic>
#include <ostream>
#include <string>

namespace lyceum {

class Session;

/// Where a command writes. Only main.cc knows that these are the process's own.
struct Output {
  std::ostream* out;  ///< data
  std::ostream* err;  ///< what people read
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool color = false;  ///< colours are allowed where a terminal is
  // Columns, where a terminal is.
  size_t out_width = 100;
  size_t err_width = 100;
};

/// The session that signals end. Set by the command that runs one; read by the signal watcher.
extern std::atomic<Session*> running_session;
/// True once a session of this process has ended: what is left is its report.
extern std::atomic<bool> session_ended;

/// Runs the command line and returns its exit code: 0 ok, 1 technical failure, 2 gate closed, 3 bad
/// spec or usage, 130 and 143 after signals.
int RunCommandLine(int argc, const char* const* argv, const Output& output);

}  // namespace lyceum
