#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <ostream>
#include <string>
#include <thread>

#include "report/style.h"
#include "run/session.h"

namespace lyceum {

/// The share of a run that is done, from 0 to 1: never less than it said before. Loading takes
/// the first nine tenths, publishing the rest.
class ProgressMeter {
 public:
  /// `statement_share` is the running statement's, -1 if unknown.
  double Advance(const Progress::View& view, double statement_share);
  /// Starts a new run.
  void Reset() { share_ = 0; }

 private:
  double share_ = 0;
};

struct ProgressOptions {
  Style style;
  bool live = false;  ///< redraw one line; otherwise print a line when a phase begins
  std::chrono::milliseconds interval{100};
};

/// Shows where a run stands, from a thread of its own, until Stop(). While it runs nobody else may
/// write to `out`. The functions are called from that thread.
class ProgressDisplay {
 public:
  struct Source {
    std::function<Progress::View()> view;
    std::function<double()> statement_share;
  };

  ProgressDisplay(Source source, std::ostream* out, const ProgressOptions& options);
  ~ProgressDisplay() { Stop(); }
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  /// Names the run that begins, such as `edtech 2025-06-01`.
  void Begin(const std::string& label);
  /// Shows a remark instead of the phase from now on. From any thread.
  void Remark(const std::string& remark);
  /// Ends the display and erases the live line. May be called twice.
  void Stop();

 private:
  void Loop();
  void Show();
  std::string LiveLine(const std::string& phase, double share) const;

  const Source source_;
  std::ostream& out_;
  const ProgressOptions options_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopped_ = false;
  std::string label_;
  std::string remark_;
  std::string last_phase_;
  ProgressMeter meter_;
  std::thread thread_;
};

}  // namespace lyceum
