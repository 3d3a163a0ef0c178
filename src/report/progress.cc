#include "report/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lyceum {
namespace {

constexpr char kEraseLine[] = "\r\x1b[2K";
constexpr double kLoadingShare = 0.9;
/// A dataset takes several statements; the first one's end is not the dataset's.
constexpr double kStatementWeight = 0.9;
constexpr size_t kBarWidth = 20;

std::string Bar(double share) {
  const auto full = static_cast<size_t>(share * kBarWidth);
  std::string bar;
  for (size_t i = 0; i < kBarWidth; ++i) bar += i < full ? "█" : "░";
  return bar;
}

}  // namespace

double ProgressMeter::Advance(const Progress::View& view, double statement_share) {
  double share = 0;
  const double part = std::clamp(statement_share, 0.0, 1.0) * kStatementWeight;
  if (view.total > 0 && view.done >= view.total) {
    share = kLoadingShare + (1 - kLoadingShare) * part;
  } else if (view.total > 0) {
    share = kLoadingShare * (view.done + part) / view.total;
  }
  share_ = std::max(share_, share);
  return share_;
}

ProgressDisplay::ProgressDisplay(Source source, std::ostream* out, const ProgressOptions& options)
    : source_(std::move(source)), out_(*out), options_(options), thread_([this] { Loop(); }) {}

void ProgressDisplay::Begin(const std::string& label) {
  const std::lock_guard<std::mutex> lock(mutex_);
  label_ = label;
  last_phase_.clear();
  meter_.Reset();
}

void ProgressDisplay::Remark(const std::string& remark) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (stopped_ || remark == remark_) return;
  remark_ = remark;
  if (!options_.live) out_ << remark << std::endl;
}

void ProgressDisplay::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopped_) return;
    stopped_ = true;
  }
  wake_.notify_all();
  thread_.join();
  if (options_.live) out_ << kEraseLine << std::flush;
}

void ProgressDisplay::Loop() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopped_) {
    Show();
    wake_.wait_for(lock, options_.interval, [this] { return stopped_; });
  }
}

void ProgressDisplay::Show() {
  if (label_.empty()) return;
  const Progress::View view = source_.view();
  if (view.phase.empty()) return;
  if (options_.live) {
    const double share = meter_.Advance(view, source_.statement_share());
    out_ << kEraseLine << LiveLine(remark_.empty() ? view.phase : remark_, share) << std::flush;
  } else if (view.phase != last_phase_) {
    last_phase_ = view.phase;
    out_ << label_ << ": " << view.phase << std::endl;
  }
}

std::string ProgressDisplay::LiveLine(const std::string& phase, double share) const {
  // One column stays free: some terminals wrap a line that fills them.
  const size_t width = options_.style.width > 0 ? options_.style.width - 1 : 0;
  const std::string label = PrintableText(label_);
  const std::string percent = fmt::format("{:3}%", static_cast<int>(std::floor(share * 100)));
  const size_t used = DisplayWidth(label) + kBarWidth + percent.size() + 6;
  if (used >= width) return ElideMiddle(fmt::format("{}  {}", label, percent), width);
  return fmt::format(
      "{}  {}  {}  {}", options_.style.Paint(Ink::kBold, label),
      options_.style.Paint(Ink::kGreen, Bar(share)), percent,
      options_.style.Paint(Ink::kDim, ElideMiddle(PrintableText(phase), width - used)));
}

}  // namespace lyceum
