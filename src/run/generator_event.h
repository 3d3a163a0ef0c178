#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "run/generator_profile.h"
#include "run/generator_random.h"
#include "run/generator_row.h"

namespace lyceum {

/// How many rows of each sort a file has.
struct EventCounts {
  int64_t originals = 0;
  int64_t duplicates = 0;
  int64_t repeats = 0;
  int64_t rejected = 0;

  int64_t total() const { return originals + duplicates + repeats + rejected; }
};

/// A dataset of the profile with everything that the options decide. The profile must outlive it.
struct FilePlan {
  const GeneratorProfile* profile = nullptr;
  const ProfileDataset* dataset = nullptr;
  uint64_t key = 0;  ///< of all random numbers of the dataset
  EventCounts counts;
  Chance unknown_member = 0;
  Chance harmless = 0;
  /// Clean rows of each static dataset of the profile, by index; 0 for daily ones.
  std::vector<int64_t> num_members;
  /// Keys that decide which members of each dataset are busy, by index.
  std::vector<uint64_t> busy_keys;
};

/// One clean row before it is written out. All of its values follow from these few numbers, so it
/// can be made again at any time.
struct Event {
  uint64_t key = 0;
  int64_t number = 0;  ///< of the row, from 1
  int64_t member = 0;  ///< daily: number of the first member column's member, from 0
  int64_t second = 0;  ///< daily: second of the day
  Days date = 0;       ///< daily: day of the event
};

/// Makes the clean rows of one dataset, and of one batch date if it is daily, in their order.
/// No two rows of all streams of a dataset have the same member and second of the same day: each
/// day's pairs come in one random order, of which the batches that can bring the day's events (the
/// day's own and the later ones with late events) each take every n-th. Pairs are skipped at
/// random, so that some hours and some members are busier than others. Not thread-safe.
class EventStream {
 public:
  /// `plan` must outlive the stream; `batch_date` counts for daily datasets only.
  EventStream(const FilePlan& plan, Days batch_date);

  /// Returns the next row; nullopt when no pair is left.
  std::optional<Event> Next();

  /// Returns a row with good values that is no row of the stream, for rows that will be spoilt.
  Event NextOutsider();

 private:
  struct DayPairs {
    Days date;
    DistinctPairs pairs;
    uint64_t accept_key;
    uint64_t num_taken = 0;
  };

  bool Accepts(const DayPairs& day, uint64_t index, uint64_t member, uint64_t second) const;

  const FilePlan& plan_;
  uint64_t key_;
  Days batch_date_;
  const TimeValues* time_ = nullptr;
  const MemberValues* member_ = nullptr;
  uint64_t num_ways_ = 1;       ///< batches that share a day's pairs
  std::vector<DayPairs> days_;  ///< by lateness
  int64_t num_rows_ = 0;
  int64_t num_outsiders_ = 0;
};

/// Writes the values of events into rows. Not thread-safe.
class RowMaker {
 public:
  /// `plan` must outlive the maker.
  explicit RowMaker(const FilePlan& plan);

  void Make(const Event& event, Row* row) const;

 private:
  void MakeValue(const Event& event, size_t column, bool unknown, RowField* field) const;
  void AppendTemplate(const Event& event, const TemplateValues& values, Random* random,
                      std::string* out) const;
  void AppendWord(const Event& event, const TemplatePart& part, std::string* out) const;
  int64_t MemberNumber(const Event& event, size_t column, const MemberValues& values) const;

  const FilePlan& plan_;
  std::vector<size_t> member_columns_;
  std::vector<std::vector<std::string>> plain_words_;  ///< of each list of the profile
};

/// True if the member is one of the busy ones that `values` asks for. The same members of a dataset
/// are busy wherever the percentages agree.
bool IsBusy(const FilePlan& plan, const MemberValues& values, uint64_t member);

}  // namespace lyceum
