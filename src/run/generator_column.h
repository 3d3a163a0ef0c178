#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/calendar.h"
#include "base/diagnostic.h"
#include "spec/yaml.h"

namespace lyceum {

/// A named list of words that templates draw from.
struct WordList {
  std::string name;
  std::vector<std::string> words;
};

/// 1, 2, 3 and so on; what `member` columns of other datasets refer to.
struct SequenceValues {};

enum class WordForm {
  kWritten,  ///< as listed
  kPlain,    ///< in lower case, only a to z and 0 to 9
  kInitial,  ///< the first character of the plain form
  kNext,     ///< as listed, and the list is taken word by word instead of at random
};

/// A piece of a template: literal text, a word of a list, random digits, or the row's number.
struct TemplatePart {
  enum class Kind { kLiteral, kWord, kDigits, kRow };
  Kind kind = Kind::kLiteral;
  std::string literal;
  size_t list = 0;
  WordForm form = WordForm::kWritten;
  int64_t num_digits = 0;
};
struct TemplateValues {
  std::vector<TemplatePart> parts;
};

/// A day between two days, written in one of the formats.
struct DateValues {
  Days from = 0;
  Days to = 0;
  std::vector<std::string> formats;
};

/// The number of a row of another dataset. `busy_percent` of the members appear `busy_factor` times
/// as often as the others.
struct MemberValues {
  std::string of;
  size_t dataset = 0;  ///< index of `of`; set when the whole profile is known
  int64_t busy_percent = 0;
  int64_t busy_factor = 1;
  Span span;
};

/// When the event happened: on the batch date, or for `late_percent` of the rows up to `late_days`
/// earlier; hours are as frequent as their weights.
struct TimeValues {
  std::string format;
  std::array<int64_t, 24> hour_weights;
  int64_t max_weight = 1;
  int64_t late_percent = 0;
  int64_t late_days = 0;
};

/// One of several words, by weight.
struct ChoiceValues {
  std::vector<std::pair<std::string, int64_t>> weights;
  int64_t total_weight = 0;
};

/// A number from `from` to `to`; `decimals_percent` of them have digits after the point.
struct NumberValues {
  int64_t from = 0;
  int64_t to = 0;
  bool bell = false;  ///< values in the middle are likelier
  int64_t decimals = 0;
  int64_t decimals_percent = 0;
};

using ColumnValues = std::variant<SequenceValues, TemplateValues, DateValues, MemberValues,
                                  TimeValues, ChoiceValues, NumberValues>;

/// A column of the files and how its clean values are made.
struct ProfileColumn {
  std::string name;
  ColumnValues values;
};

/// Reads the column `name` of the dataset called `dataset`; always returns a column, an unusable
/// one only beside an error.
ProfileColumn ReadColumn(const YamlNode& node, const std::string& name, const std::string& dataset,
                         const std::vector<WordList>& lists, Diagnostics* diagnostics);

}  // namespace lyceum
