#include "base/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/redact.h"

namespace lyceum {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
/// Longer source lines are shown only around the span.
constexpr size_t kMaxShownBytes = 160;
constexpr size_t kShownBefore = 60;
constexpr size_t kMaxCandidates = 10;

std::vector<std::string_view> SplitLines(std::string_view text) {
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());
  }
  std::vector<std::string_view> lines;
  while (true) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines.push_back(line);
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// Bytes of the UTF-8 character at `at`, or 1 if there is none.
size_t CharacterSize(std::string_view line, size_t at) {
  const auto lead = static_cast<unsigned char>(line[at]);
  const size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1;
  if (lead > 0xF4 || at + size > line.size()) return 1;
  for (size_t i = 1; i < size; ++i) {
    if (!IsContinuation(line[at + i])) return 1;
  }
  return size;
}

/// What a terminal can show of the character: control bytes and bytes that are no UTF-8 become `?`.
std::string_view Printable(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character[0]);
  if (character[0] == '\t') return character;
  if (lead < 0x20 || lead == 0x7F || (character.size() == 1 && lead >= 0x80)) return "?";
  return character;
}

/// Prints the source line and, below it, a caret under `column` and tildes under the rest of the
/// span.
std::string RenderSource(std::string_view line, size_t column, size_t length) {
  column = std::min(column, line.size());
  size_t begin = 0, end = line.size();
  if (line.size() > kMaxShownBytes) {
    begin = column > kShownBefore ? column - kShownBefore : 0;
    while (begin > 0 && IsContinuation(line[begin])) --begin;
    end = std::min(line.size(), begin + kMaxShownBytes);
  }
  std::string source = begin > 0 ? "..." : "", marks = begin > 0 ? "   " : "";
  bool marked = false;
  for (size_t at = begin; at < end;) {
    const size_t size = CharacterSize(line, at);
    const std::string_view shown = Printable(line.substr(at, size));
    source += shown;
    if (at + size <= column) {
      marks += shown == "\t" ? '\t' : ' ';
    } else if (!marked) {
      marks += '^';
      marked = true;
    } else if (at < column + length) {
      marks += '~';
    }
    at += size;
  }
  if (end < line.size()) source += "...";
  if (!marked) marks += '^';
  return fmt::format("{}\n{}\n", source, marks);
}

std::string_view LevelName(DiagnosticLevel level) {
  return level == DiagnosticLevel::kError ? "error" : "warning";
}

std::string ToLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

/// Counts the letters to insert, drop, replace or swap with their neighbour.
size_t EditDistance(std::string_view left, std::string_view right) {
  std::vector<size_t> before_last(right.size() + 1), last(right.size() + 1),
      current(right.size() + 1);
  for (size_t j = 0; j <= right.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= left.size(); ++i) {
    current[0] = i;
    for (size_t j = 1; j <= right.size(); ++j) {
      const size_t replaced = last[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
      current[j] = std::min({last[j] + 1, current[j - 1] + 1, replaced});
      const bool swapped =
          i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
      if (swapped) current[j] = std::min(current[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(current);
  }
  return last[right.size()];
}

/// Returns the candidate that `name` most likely meant: at most one letter in three is wrong.
std::optional<std::string> NearestName(std::string_view name,
                                       const std::vector<std::string>& candidates) {
  constexpr size_t kMaxNameBytes = 100;  // nobody mistypes more, and the distance is quadratic
  if (name.empty() || name.size() > kMaxNameBytes) return std::nullopt;
  const std::string wanted = ToLower(name);
  std::optional<std::string> nearest;
  size_t least = std::max<size_t>(1, wanted.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kMaxNameBytes) continue;
    const size_t distance = EditDistance(wanted, ToLower(candidate));
    if (distance < least && distance < candidate.size()) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace

void Diagnostics::UnknownName(Span span, std::string_view kind, const std::string& name,
                              const std::vector<std::string>& known) {
  Error(span, fmt::format("unknown {} '{}'{}", kind, name, SuggestName(name, known)));
  if (!known.empty()) items_.back().unknown_name = name;
}

bool Diagnostics::has_errors() const {
  return std::any_of(items_.begin(), items_.end(),
                     [](const Diagnostic& item) { return item.level == DiagnosticLevel::kError; });
}

std::string RenderDiagnostics(const Diagnostics& diagnostics, std::string_view file_name,
                              std::string_view file_text) {
  std::vector<Diagnostic> items = diagnostics.items();
  std::stable_sort(items.begin(), items.end(), [](const Diagnostic& left, const Diagnostic& right) {
    return std::pair(left.span.line, left.span.column) <
           std::pair(right.span.line, right.span.column);
  });
  const std::vector<std::string_view> lines = SplitLines(file_text);
  std::string out;
  for (const Diagnostic& item : items) {
    if (item.span.line < 1 || static_cast<size_t>(item.span.line) > lines.size()) {
      out += fmt::format("{}: {}: {}\n", file_name, LevelName(item.level), item.message);
      continue;
    }
    out += fmt::format("{}:{}:{}: {}: {}\n", file_name, item.span.line, item.span.column,
                       LevelName(item.level), item.message);
    out += RenderSource(MaskPasswords(lines[static_cast<size_t>(item.span.line) - 1]),
                        static_cast<size_t>(std::max(item.span.column, 1)) - 1,
                        static_cast<size_t>(std::max(item.span.length, 1)));
  }
  return out;
}

std::string SuggestName(std::string_view name, const std::vector<std::string>& candidates) {
  if (candidates.empty()) return "";
  if (const auto nearest = NearestName(name, candidates)) {
    return fmt::format("; did you mean '{}'?", *nearest);
  }
  std::string list;
  for (size_t i = 0; i < candidates.size() && i < kMaxCandidates; ++i) {
    list += fmt::format("{}'{}'", i == 0 ? "" : ", ", candidates[i]);
  }
  if (candidates.size() > kMaxCandidates) list += ", ...";
  return fmt::format("; expected {}{}", candidates.size() > 1 ? "one of " : "", list);
}

}  // namespace lyceum
