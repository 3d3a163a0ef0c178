#include "run/generator_event.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace lyceum {
namespace {

constexpr int64_t kSecondsPerDay = 86400;

// Which random number of a dataset or row a key is for.
enum Purpose : uint64_t {
  kForRows = 1,
  kForOutsiders,
  kForPairs,
  kForAcceptance,
  kForUnknownMembers,
  kForColumns,
  kForWords,
};

void AppendPadded(int64_t number, int width, std::string* out) {
  char digits[20];
  for (int i = width; i-- > 0; number /= 10) digits[i] = static_cast<char>('0' + number % 10);
  out->append(digits, width);
}

/// Writes a checked format: each run of a pattern letter is one part, all else stands for itself.
void AppendTime(const std::string& format, const Civil& date, int64_t second, std::string* out) {
  for (size_t i = 0; i < format.size();) {
    const char letter = format[i];
    int width = 2;
    switch (letter) {
      case 'y':
        width = 4;
        AppendPadded(date.year, width, out);
        break;
      case 'M':
        AppendPadded(date.month, width, out);
        break;
      case 'd':
        AppendPadded(date.day, width, out);
        break;
      case 'H':
        AppendPadded(second / 3600, width, out);
        break;
      case 'm':
        AppendPadded(second / 60 % 60, width, out);
        break;
      case 's':
        AppendPadded(second % 60, width, out);
        break;
      default:
        width = 1;
        out->push_back(letter);
    }
    i += width;
  }
}

void AppendNumber(const NumberValues& values, Random* random, std::string* out) {
  int64_t unit = 1;
  for (int64_t i = 0; i < values.decimals; ++i) unit *= 10;
  const uint64_t size = static_cast<uint64_t>(values.to - values.from) * unit + 1;
  // The mean of three even numbers has about the shape of a bell.
  uint64_t above = values.bell
                       ? (random->Below(size) + random->Below(size) + random->Below(size)) / 3
                       : random->Below(size);
  const bool whole =
      values.decimals == 0 || !random->Happens(ChanceOf(values.decimals_percent, 100));
  if (whole) above -= above % unit;
  const int64_t unscaled = values.from * unit + static_cast<int64_t>(above);
  const uint64_t magnitude = unscaled < 0 ? -unscaled : unscaled;
  if (unscaled < 0) out->push_back('-');
  const fmt::format_int before_point(magnitude / unit);
  out->append(before_point.data(), before_point.size());
  if (whole) return;
  out->push_back('.');
  AppendPadded(magnitude % unit, static_cast<int>(values.decimals), out);
}

const std::string& DrawChoice(const ChoiceValues& values, Random* random) {
  int64_t left = random->Below(values.total_weight);
  size_t index = 0;
  while (left >= values.weights[index].second) left -= values.weights[index++].second;
  return values.weights[index].first;
}

std::string PlainWord(const std::string& word) {
  std::string plain;
  for (char c : word) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) plain.push_back(c);
  }
  return plain;
}

}  // namespace

bool IsBusy(const FilePlan& plan, const MemberValues& values, uint64_t member) {
  const uint64_t bits = Combine(plan.busy_keys[values.dataset], member);
  return (bits >> 32) < ChanceOf(values.busy_percent, 100);
}

EventStream::EventStream(const FilePlan& plan, Days batch_date)
    : plan_(plan),
      key_(Combine(Combine(plan.key, kForRows), static_cast<uint64_t>(batch_date))),
      batch_date_(batch_date) {
  const auto time_column = plan.dataset->FindTimeColumn();
  if (!time_column) return;
  const size_t member_column = plan.dataset->MemberColumns().front();
  time_ = &std::get<TimeValues>(plan.dataset->columns[*time_column].values);
  member_ = &std::get<MemberValues>(plan.dataset->columns[member_column].values);
  num_ways_ = time_->late_days + 1;
  for (int64_t late = 0; late <= time_->late_days; ++late) {
    const Days date = batch_date - static_cast<Days>(late);
    const uint64_t day_key = static_cast<uint64_t>(date);
    days_.push_back({date,
                     DistinctPairs(Combine(Combine(plan.key, kForPairs), day_key),
                                   plan.num_members[member_->dataset], kSecondsPerDay),
                     Combine(Combine(plan.key, kForAcceptance), day_key)});
  }
}

std::optional<Event> EventStream::Next() {
  Event event;
  event.number = ++num_rows_;
  Random random(Combine(key_, event.number));
  event.key = random.Next();
  if (time_ == nullptr) return event;
  int64_t late = 0;
  if (random.Happens(ChanceOf(time_->late_percent, 100))) late = 1 + random.Below(time_->late_days);
  late = std::min<int64_t>(late, std::max(batch_date_ - plan_.profile->first_day, 0));
  DayPairs& day = days_[late];
  event.date = day.date;
  while (true) {
    const uint64_t index = num_ways_ * day.num_taken++ + late;
    if (index >= day.pairs.size()) return std::nullopt;
    const auto [member, second] = day.pairs.At(index);
    if (!Accepts(day, index, member, second)) continue;
    event.member = static_cast<int64_t>(member);
    event.second = static_cast<int64_t>(second);
    return event;
  }
}

bool EventStream::Accepts(const DayPairs& day, uint64_t index, uint64_t member,
                          uint64_t second) const {
  Random random(Combine(day.accept_key, index));
  const int64_t weight = time_->hour_weights[second / 3600];
  if (static_cast<int64_t>(random.Below(time_->max_weight)) >= weight) return false;
  return random.Below(member_->busy_factor) == 0 || IsBusy(plan_, *member_, member);
}

Event EventStream::NextOutsider() {
  Event event;
  const int64_t number = ++num_outsiders_;
  Random random(Combine(Combine(key_, kForOutsiders), number));
  event.key = random.Next();
  event.number = plan_.counts.originals + number;
  if (time_ == nullptr) return event;
  event.member = static_cast<int64_t>(random.Below(plan_.num_members[member_->dataset]));
  event.second = static_cast<int64_t>(random.Below(kSecondsPerDay));
  event.date = batch_date_;
  return event;
}

RowMaker::RowMaker(const FilePlan& plan)
    : plan_(plan), member_columns_(plan.dataset->MemberColumns()) {
  for (const WordList& list : plan.profile->lists) {
    std::vector<std::string>& plain = plain_words_.emplace_back();
    for (const std::string& word : list.words) plain.push_back(PlainWord(word));
  }
}

void RowMaker::Make(const Event& event, Row* row) const {
  row->Reset(plan_.dataset->columns.size());
  size_t unknown = row->fields.size();
  if (!member_columns_.empty()) {
    Random random(Combine(event.key, kForUnknownMembers));
    if (random.Happens(plan_.unknown_member)) {
      unknown = member_columns_[random.Below(member_columns_.size())];
    }
  }
  for (size_t i = 0; i < row->fields.size(); ++i) {
    MakeValue(event, i, i == unknown, &row->fields[i]);
  }
}

void RowMaker::MakeValue(const Event& event, size_t column, bool unknown, RowField* field) const {
  const ColumnValues& values = plan_.dataset->columns[column].values;
  Random random(Combine(Combine(event.key, kForColumns), column));
  std::string* text = &field->text;
  text->clear();
  field->form = FieldForm::kText;
  if (std::holds_alternative<SequenceValues>(values)) {
    text->append(fmt::format_int(event.number).c_str());
    field->form = FieldForm::kNumber;
  } else if (const auto* member = std::get_if<MemberValues>(&values)) {
    // Members of no file have the numbers above those of the file.
    const int64_t base = unknown ? plan_.num_members[member->dataset] + 1 : 1;
    text->append(fmt::format_int(base + MemberNumber(event, column, *member)).c_str());
    field->form = FieldForm::kNumber;
  } else if (const auto* number = std::get_if<NumberValues>(&values)) {
    AppendNumber(*number, &random, text);
    field->form = FieldForm::kNumber;
  } else if (const auto* choice = std::get_if<ChoiceValues>(&values)) {
    text->append(DrawChoice(*choice, &random));
  } else if (const auto* time = std::get_if<TimeValues>(&values)) {
    AppendTime(time->format, CivilFromDays(event.date), event.second, text);
  } else if (const auto* date = std::get_if<DateValues>(&values)) {
    const Days day = date->from + static_cast<Days>(random.Below(date->to - date->from + 1));
    AppendTime(date->formats[random.Below(date->formats.size())], CivilFromDays(day), 0, text);
  } else {
    AppendTemplate(event, std::get<TemplateValues>(values), &random, text);
  }
}

void RowMaker::AppendTemplate(const Event& event, const TemplateValues& values, Random* random,
                              std::string* out) const {
  for (const TemplatePart& part : values.parts) {
    switch (part.kind) {
      case TemplatePart::Kind::kLiteral:
        out->append(part.literal);
        break;
      case TemplatePart::Kind::kRow:
        out->append(fmt::format_int(event.number).c_str());
        break;
      case TemplatePart::Kind::kDigits:
        for (int64_t i = 0; i < part.num_digits; ++i) {
          out->push_back(static_cast<char>('0' + random->Below(10)));
        }
        break;
      case TemplatePart::Kind::kWord:
        AppendWord(event, part, out);
    }
  }
}

void RowMaker::AppendWord(const Event& event, const TemplatePart& part, std::string* out) const {
  const std::vector<std::string>& words = plan_.profile->lists[part.list].words;
  // One draw per row and list, so that all columns of a row speak of the same word.
  Random random(Combine(Combine(event.key, kForWords), part.list));
  const size_t index =
      part.form == WordForm::kNext ? (event.number - 1) % words.size() : random.Below(words.size());
  const std::string& plain = plain_words_[part.list][index];
  if (part.form == WordForm::kPlain) {
    out->append(plain);
  } else if (part.form == WordForm::kInitial) {
    out->append(plain, 0, 1);
  } else {
    out->append(words[index]);
  }
}

int64_t RowMaker::MemberNumber(const Event& event, size_t column,
                               const MemberValues& values) const {
  const bool tells_rows_apart = plan_.dataset->daily() && column == member_columns_.front();
  if (tells_rows_apart) return event.member;
  Random random(Combine(Combine(event.key, kForColumns), column));
  uint64_t member = 0;
  // Few busy members among many need several tries; a limit keeps odd profiles from turning for
  // ever.
  for (int tries = 0; tries < 64; ++tries) {
    member = random.Below(plan_.num_members[values.dataset]);
    if (random.Below(values.busy_factor) == 0 || IsBusy(plan_, values, member)) break;
  }
  return static_cast<int64_t>(member);
}

}  // namespace lyceum
