// Every file is written on its own, from nothing but the options and its date: a stream of clean
// rows (generator_event.h), among which rejected rows, duplicates and repeats of the previous day
// are dealt in exact numbers at random places. The previous day's rows are made again by running
// its stream from the start, which is why repeats are always its first clean rows.

#include "run/generate.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "run/generator_event.h"
#include "run/generator_file.h"
#include "run/generator_profile.h"
#include "run/generator_random.h"

namespace lyceum {
namespace {

constexpr int64_t kMaxRows = 1000000000;
constexpr int kMaxDays = 10000;
constexpr int64_t kMillion = 1000000;
constexpr size_t kMaxThreads = 4;
constexpr Days kNoDate = 0;  // of static files

/// Which random number of a file a key is for; apart from those of rows (generator_event.cc).
constexpr uint64_t kForOrder = 100;
constexpr uint64_t kForDirt = 101;

/// A file to write.
struct Task {
  const FilePlan* plan;
  Days batch_date;
  std::string path;
};

Status CheckOptions(const GenerateOptions& options) {
  if (options.rows < 1 || options.rows > kMaxRows) {
    return BadSpec(fmt::format("'--rows' must be from 1 to {}, not {}", kMaxRows, options.rows));
  }
  if (options.days < 1 || options.days > kMaxDays) {
    return BadSpec(fmt::format("'--days' must be from 1 to {}, not {}", kMaxDays, options.days));
  }
  // Written so that it also refuses what is no number.
  if (!(options.dirty_percent >= 0 && options.dirty_percent <= 100)) {
    return BadSpec(fmt::format("'--dirty' must be from 0 to 100, not {}", options.dirty_percent));
  }
  if (options.out_directory.empty()) return BadSpec("'--out' must name a folder");
  return Status::Ok();
}

Status CheckDays(const GenerateOptions& options, const GeneratorProfile& profile) {
  const int64_t last = int64_t{options.first_day} + options.days - 1;
  if (options.first_day >= profile.first_day && last <= profile.last_day) return Status::Ok();
  const bool one = options.days == 1;
  return BadSpec(fmt::format(
      "{} from {} on {} the profile's calendar, {} to {}; lower '--days' or move the first day",
      one ? "1 day" : fmt::format("{} days", options.days), FormatDate(options.first_day),
      one ? "leaves" : "leave", FormatDate(profile.first_day), FormatDate(profile.last_day)));
}

Result<GeneratorProfile> LoadProfile(const GenerateOptions& options, Diagnostics* problems) {
  const bool built_in = options.profile_text.empty();
  auto profile = ReadGeneratorProfile(
      built_in ? BuiltInGeneratorProfile() : std::string_view(options.profile_text), problems);
  if (profile) return std::move(*profile);
  if (built_in) return Internal("the built-in generator profile is wrong");
  return BadSpec(fmt::format("the generator profile '{}' is wrong", options.profile_name));
}

int64_t NumRecords(const ProfileDataset& dataset, int64_t rows) {
  return std::clamp(rows / dataset.rows_per_record, dataset.min_records, dataset.max_records);
}

/// Divides a file's records. A daily file has `size` records in all, a static one `size` clean ones
/// and the rest on top, so that no member is lost to dirt.
EventCounts CountRows(const ProfileDataset& dataset, int64_t size, int64_t dirty_millionths) {
  EventCounts counts;
  const __int128 dirty_of_size = static_cast<__int128>(size) * dirty_millionths / kMillion;
  if (!dataset.rejected.empty()) counts.rejected = static_cast<int64_t>(dirty_of_size);
  const int64_t good = dataset.daily() ? size - counts.rejected : size;
  // A quarter at most, so that there are always more originals than copies of them.
  counts.duplicates = std::min(counts.rejected * dataset.percents.duplicates / 100, good / 4);
  counts.repeats = std::min(counts.rejected * dataset.percents.repeats / 100, good / 4);
  counts.originals = dataset.daily() ? good - counts.duplicates - counts.repeats : good;
  return counts;
}

FilePlan PlanDataset(const GeneratorProfile& profile, const ProfileDataset& dataset,
                     const GenerateOptions& options) {
  FilePlan plan;
  plan.profile = &profile;
  plan.dataset = &dataset;
  plan.key = Combine(options.seed, HashText(dataset.name));
  const int64_t dirty_millionths = std::llround(options.dirty_percent * kMillion / 100);
  plan.counts = CountRows(dataset, NumRecords(dataset, options.rows), dirty_millionths);
  const auto share = [&](int64_t percent) {
    return ChanceOf(plan.counts.rejected * percent, plan.counts.originals * 100);
  };
  plan.unknown_member = share(dataset.percents.unknown_members);
  plan.harmless = share(dataset.percents.harmless);
  for (const ProfileDataset& other : profile.datasets) {
    plan.num_members.push_back(other.daily() ? 0 : NumRecords(other, options.rows));
    // Any fixed number apart from the dataset's own key will do.
    plan.busy_keys.push_back(Combine(options.seed, ~HashText(other.name)));
  }
  return plan;
}

std::string FileName(const ProfileDataset& dataset, Days batch_date) {
  std::string name = dataset.file;
  const Civil date = CivilFromDays(batch_date);
  const std::string text = fmt::format("{:04}{:02}{:02}", date.year, date.month, date.day);
  for (size_t at = 0; (at = name.find(kBatchDateMark, at)) != std::string::npos;) {
    name.replace(at, kBatchDateMark.size(), text);
  }
  return name;
}

std::vector<Task> ListTasks(const std::vector<FilePlan>& plans, const GenerateOptions& options) {
  std::vector<Task> tasks;
  const std::filesystem::path folder(options.out_directory);
  for (const FilePlan& plan : plans) {
    if (plan.dataset->daily()) continue;
    tasks.push_back({&plan, kNoDate, folder / plan.dataset->file});
  }
  for (int day = 0; day < options.days; ++day) {
    const Days date = options.first_day + day;
    for (const FilePlan& plan : plans) {
      if (plan.dataset->daily()) {
        tasks.push_back({&plan, date, folder / FileName(*plan.dataset, date)});
      }
    }
  }
  return tasks;
}

Status CreateFolder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) return Status::Ok();
  return Unavailable(
      fmt::format("cannot create the folder '{}': {}", folder.string(), error.message()));
}

enum class Sort { kOriginal, kDuplicate, kRepeat, kRejected };

/// Deals the sorts of a file's rows: each in its exact number, in random order.
class SortDealer {
 public:
  SortDealer(const EventCounts& counts, uint64_t key) : left_(counts), random_(key) {}

  std::optional<Sort> Next() {
    if (left_.total() == 0) return std::nullopt;
    int64_t at = static_cast<int64_t>(random_.Below(left_.total()));
    if (at < left_.rejected) return Take(&left_.rejected, Sort::kRejected);
    at -= left_.rejected;
    if (at < left_.repeats) return Take(&left_.repeats, Sort::kRepeat);
    at -= left_.repeats;
    // A duplicate needs an original before it.
    if (at < left_.duplicates && any_original_) return Take(&left_.duplicates, Sort::kDuplicate);
    any_original_ = true;
    return Take(&left_.originals, Sort::kOriginal);
  }

 private:
  static Sort Take(int64_t* count, Sort sort) {
    --*count;
    return sort;
  }

  EventCounts left_;
  Random random_;
  bool any_original_ = false;
};

/// Some of the originals written so far, mostly recent ones, for duplicates to copy.
class Originals {
 public:
  void Add(const Event& event, Random* random) {
    if (events_.size() < kMaxEvents) {
      events_.push_back(event);
    } else {
      events_[random->Below(kMaxEvents)] = event;
    }
  }
  const Event& Draw(Random* random) const { return events_[random->Below(events_.size())]; }

 private:
  static constexpr size_t kMaxEvents = 4096;
  std::vector<Event> events_;
};

/// Makes the records of one file one after the other.
class RecordMaker {
 public:
  RecordMaker(const FilePlan& plan, Days batch_date)
      : plan_(plan),
        style_(plan.dataset->style),
        maker_(plan),
        today_(plan, batch_date),
        yesterday_(plan, batch_date - 1),
        random_(Combine(Combine(plan.key, kForDirt), static_cast<uint64_t>(batch_date))) {}

  /// False if the stream has no more rows that differ from all others.
  bool Make(Sort sort, Row* row) {
    if (sort == Sort::kRejected) {
      maker_.Make(today_.NextOutsider(), row);
      Reject(row);
      return true;
    }
    if (sort == Sort::kDuplicate) {
      maker_.Make(originals_.Draw(&random_), row);
      return true;
    }
    const auto event = sort == Sort::kRepeat ? yesterday_.Next() : today_.Next();
    if (!event) return false;
    maker_.Make(*event, row);
    if (sort == Sort::kOriginal) {
      originals_.Add(*event, &random_);
      if (random_.Happens(plan_.harmless)) Spoil(plan_.dataset->harmless.Draw(&random_), row);
    }
    return true;
  }

 private:
  /// Spoils one thing; returns the column, or none if it was the whole record.
  std::optional<size_t> Spoil(const Dirt& dirt, Row* row) {
    if (!HitsOneValue(dirt)) {
      SpoilRecord(dirt, style_, &random_, row);
      return std::nullopt;
    }
    const size_t column = DrawColumn(dirt, &random_);
    SpoilValue(dirt, column, style_, &random_, row);
    return column;
  }

  void Reject(Row* row) {
    const DirtList& rejected = plan_.dataset->rejected;
    const auto first = Spoil(rejected.Draw(&random_), row);
    if (!first) return;
    if (!random_.Happens(ChanceOf(plan_.dataset->percents.second_faults, 100))) return;
    const Dirt& second = rejected.Draw(&random_);
    if (!HitsOneValue(second)) return;
    // A second fault in the same column could undo the first.
    const size_t column = DrawColumn(second, &random_);
    if (column != *first) SpoilValue(second, column, style_, &random_, row);
  }

  const FilePlan& plan_;
  const FileStyle& style_;
  RowMaker maker_;
  EventStream today_;
  EventStream yesterday_;
  Originals originals_;
  Random random_;
};

EventCounts CountsOfFile(const Task& task) {
  EventCounts counts = task.plan->counts;
  if (task.batch_date == task.plan->profile->first_day)
    counts.originals += std::exchange(counts.repeats, 0);
  return counts;
}

Result<GeneratedFile> WriteFile(const Task& task) {
  const EventCounts counts = CountsOfFile(task);
  const FileStyle& style = task.plan->dataset->style;
  RecordMaker maker(*task.plan, task.batch_date);
  SortDealer dealer(
      counts, Combine(Combine(task.plan->key, kForOrder), static_cast<uint64_t>(task.batch_date)));
  OutputFile file(task.path);
  RETURN_IF_ERROR(file.Open());
  file.buffer()->append(FileHead(style));
  Row row;
  bool first = true;
  while (const auto sort = dealer.Next()) {
    if (!maker.Make(*sort, &row)) {
      return BadSpec(
          fmt::format("dataset '{}' of the profile has no {} different rows a day; lower "
                      "'--rows' or let it have more members",
                      task.plan->dataset->name, counts.originals));
    }
    AppendRow(style, row, std::exchange(first, false), file.buffer());
    RETURN_IF_ERROR(file.Drain());
  }
  file.buffer()->append(FileFoot(style));
  RETURN_IF_ERROR(file.Finish());
  return GeneratedFile{task.path,         counts.total(), counts.rejected,
                       counts.duplicates, counts.repeats, file.num_bytes()};
}

/// Works through tasks on several threads. After a failure no task is begun; the failure of the
/// first task in order that failed is the one reported.
class Workers {
 public:
  explicit Workers(const std::vector<Task>& tasks) : tasks_(tasks), files_(tasks.size()) {}

  Result<std::vector<GeneratedFile>> Run() {
    const size_t processors = std::max(1u, std::thread::hardware_concurrency());
    const size_t num_threads = std::min({processors, kMaxThreads, tasks_.size()});
    std::vector<std::thread> threads;
    try {
      while (threads.size() + 1 < num_threads) threads.emplace_back([this] { Work(); });
    } catch (const std::system_error&) {
      // No more threads to be had: those that are there do the work.
    }
    Work();
    for (std::thread& thread : threads) thread.join();
    if (!failure_.ok()) return failure_;
    return std::move(files_);
  }

 private:
  void Work() {
    while (!failed_) {
      const size_t index = next_++;
      if (index >= tasks_.size()) return;
      auto file = WriteFile(tasks_[index]);
      if (file.ok()) {
        files_[index] = *std::move(file);
      } else {
        Fail(index, file.status());
      }
    }
  }

  void Fail(size_t index, Status status) {
    const std::lock_guard lock(mutex_);
    if (failed_ && index > failed_index_) return;
    failed_ = true;
    failed_index_ = index;
    failure_ = std::move(status);
  }

  const std::vector<Task>& tasks_;
  std::vector<GeneratedFile> files_;
  std::atomic<size_t> next_ = 0;
  std::atomic<bool> failed_ = false;
  std::mutex mutex_;
  size_t failed_index_ = 0;
  Status failure_;
};

}  // namespace

Result<std::vector<GeneratedFile>> Generate(const GenerateOptions& options,
                                            Diagnostics* profile_problems) {
  RETURN_IF_ERROR(CheckOptions(options));
  ASSIGN_OR_RETURN(const GeneratorProfile profile, LoadProfile(options, profile_problems));
  RETURN_IF_ERROR(CheckDays(options, profile));
  std::vector<FilePlan> plans;
  for (const ProfileDataset& dataset : profile.datasets) {
    plans.push_back(PlanDataset(profile, dataset, options));
  }
  RETURN_IF_ERROR(CreateFolder(options.out_directory));
  const std::vector<Task> tasks = ListTasks(plans, options);
  for (const Task& task : tasks) {
    RETURN_IF_ERROR(CreateFolder(std::filesystem::path(task.path).parent_path()));
  }
  return Workers(tasks).Run();
}

}  // namespace lyceum
