// The only place that knows the process: its streams, its signals and its exit code.

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "cli/commands.h"
#include "run/session.h"

namespace {

std::atomic<bool> done{false};

/// Waits for SIGINT and SIGTERM and stops the running session; a second signal ends the process at
/// once. The session may be between two statements, so it is told until it has ended.
void WatchSignals(sigset_t signals) {
  int first = 0;
  while (!done) {
    timespec wait{0, 50'000'000};
    const int signal = sigtimedwait(&signals, nullptr, &wait);
    if (signal > 0) {
      lyceum::Session* session = lyceum::running_session;
      // A session that has ended did its work; only its report is still to be written.
      const bool idle = session == nullptr && !lyceum::session_ended;
      if (first != 0 || idle) _exit(signal == SIGTERM ? 143 : 130);
      first = signal;
    }
    if (first == 0) continue;
    if (lyceum::Session* session = lyceum::running_session) {
      session->Interrupt(first == SIGTERM ? lyceum::ErrorCode::kTerminated
                                          : lyceum::ErrorCode::kInterrupted);
    }
  }
}

size_t TerminalWidth(int stream) {
  constexpr size_t kLeast = 40, kGreatest = 100;
  winsize size{};
  if (ioctl(stream, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kGreatest;
  return std::clamp<size_t>(size.ws_col, kLeast, kGreatest);
}

/// True if standard output is a pipe whose reader is gone.
bool ReaderLeft() {
  pollfd output{STDOUT_FILENO, POLLOUT, 0};
  return poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

}  // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is a write error, not a crash
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread watcher(WatchSignals, signals);

  lyceum::Output output{&std::cout, &std::cerr};
  output.out_is_terminal = isatty(STDOUT_FILENO) != 0;
  output.err_is_terminal = isatty(STDERR_FILENO) != 0;
  const char* no_color = std::getenv("NO_COLOR");
  output.color = no_color == nullptr || *no_color == '\0';
  output.out_width = TerminalWidth(STDOUT_FILENO);
  output.err_width = TerminalWidth(STDERR_FILENO);
  int code = lyceum::RunCommandLine(argc, argv, output);

  std::cout.flush();
  // A reader that went away (`| head`) is no failure; a disk that is full is.
  if (!std::cout && !ReaderLeft() && code == 0) {
    std::cerr << "error: cannot write to standard output\n";
    code = 1;
  }
  done = true;
  watcher.join();
  return code;
}
