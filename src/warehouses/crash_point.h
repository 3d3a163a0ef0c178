#pragma once

#include <signal.h>
#include <unistd.h>

#include <cstdlib>

namespace lyceum {

/// Tests ask for a crash before the n-th write (LYCEUM_CRASH_AT=n): the next run must end as if
/// there had been none.
class CrashPoint {
 public:
  void Pass() {
    if (at_ > 0 && ++writes_ == at_) kill(getpid(), SIGKILL);
  }

 private:
  static int Asked() {
    const char* at = std::getenv("LYCEUM_CRASH_AT");
    return at ? std::atoi(at) : 0;
  }

  const int at_ = Asked();
  int writes_ = 0;
};

}  // namespace lyceum
