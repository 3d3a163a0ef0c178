#include "run/discover.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

namespace lyceum {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDateToken = "{batch_date}";

/// Matches the rest of a pattern against the rest of a path. `*` and `?` stay within a folder.
bool MatchRest(std::string_view pattern, std::string_view path, std::optional<Days>* date) {
  if (pattern.empty()) return path.empty();
  if (pattern.substr(0, kDateToken.size()) == kDateToken) {
    for (size_t length : {8, 10}) {
      if (path.size() < length) continue;
      const std::optional<Days> day = ParseBatchDate(path.substr(0, length));
      if (!day) continue;
      if (MatchRest(pattern.substr(kDateToken.size()), path.substr(length), date)) {
        *date = day;
        return true;
      }
    }
    return false;
  }
  if (pattern[0] == '*') {
    for (size_t taken = 0;; ++taken) {
      if (MatchRest(pattern.substr(1), path.substr(taken), date)) return true;
      if (taken == path.size() || path[taken] == '/') return false;
    }
  }
  if (path.empty()) return false;
  if (pattern[0] == '?' ? path[0] == '/' : pattern[0] != path[0]) return false;
  return MatchRest(pattern.substr(1), path.substr(1), date);
}

std::string_view WithoutCompression(std::string_view path) {
  for (std::string_view suffix : {".gz", ".zst"}) {
    if (path.size() > suffix.size() && path.substr(path.size() - suffix.size()) == suffix) {
      return path.substr(0, path.size() - suffix.size());
    }
  }
  return path;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

std::string ReplaceDate(std::string_view pattern, std::string_view by) {
  std::string text(pattern);
  if (const size_t at = text.find(kDateToken); at != std::string::npos) {
    text.replace(at, kDateToken.size(), by);
  }
  return text;
}

/// Letters only, lower case: what is left of a name when separators, digits and wildcards go.
std::string Letters(std::string_view text) {
  std::string letters;
  for (char c : text) {
    if (std::isalpha(static_cast<unsigned char>(c))) {
      letters += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return letters;
}

std::string_view Stem(std::string_view path) {
  path = path.substr(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1);
  return path.substr(0, path.find('.'));
}

/// Says why a path that does not match `pattern` may have been meant to; "" if it does not look so.
std::string WhyNear(std::string_view pattern, std::string_view path) {
  const std::string_view plain = WithoutCompression(path);
  std::optional<Days> date;
  if (MatchRest(ReplaceDate(pattern, "*"), plain, &date)) {
    return "no batch date yyyyMMdd or yyyy-MM-dd where the pattern has one";
  }
  if (MatchRest(Lower(pattern), Lower(plain), &date)) return "differs in case";
  const std::string wanted = Letters(Stem(ReplaceDate(pattern, "")));
  const std::string found = Letters(Stem(plain));
  if (wanted.size() < 4 || found.size() < 4) return "";
  if (found == wanted || found.rfind(wanted, 0) == 0 || wanted.rfind(found, 0) == 0) {
    return "differs in separators, folder or ending";
  }
  return "";
}

bool IsHidden(const std::string& name) { return !name.empty() && name[0] == '.'; }

/// Sorts one path into the inbox.
Status Place(const Spec& spec, const fs::directory_entry& entry, const std::string& relative,
             Inbox* inbox) {
  const Dataset* owner = nullptr;
  PatternMatch match;
  for (const Dataset& dataset : spec.datasets) {
    for (const std::string& pattern : dataset.files) {
      const std::optional<PatternMatch> found = MatchPattern(pattern, relative);
      if (!found) continue;
      if (owner && owner != &dataset) {
        return BadSpec(fmt::format(
            "'{}' matches the patterns of datasets '{}' and '{}'; make one of them narrower",
            relative, owner->name, dataset.name));
      }
      owner = &dataset;
      match = *found;
      break;
    }
  }
  std::error_code error;
  if (entry.is_directory(error)) {
    if (!owner) return Status::Ok();
    return Unavailable(
        fmt::format("'{}' is a directory, expected a file of dataset '{}'", relative, owner->name));
  }
  if (owner) {
    inbox->files[owner->name][match.batch_date].push_back(
        {entry.path().string(), relative, entry.path().filename().string()});
    return Status::Ok();
  }
  for (const Dataset& dataset : spec.datasets) {
    for (const std::string& pattern : dataset.files) {
      if (std::string why = WhyNear(pattern, relative); !why.empty()) {
        inbox->near_misses.push_back({relative, dataset.name, std::move(why)});
        return Status::Ok();
      }
    }
  }
  inbox->unmatched.push_back(relative);
  return Status::Ok();
}

Status ScanFolder(const Spec& spec, const fs::path& folder, const std::string& prefix,
                  Inbox* inbox) {
  std::error_code error;
  std::vector<fs::directory_entry> entries;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    entries.push_back(*it);
  }
  if (error) {
    return Unavailable(
        fmt::format("cannot read folder '{}': {}", folder.string(), error.message()));
  }
  std::sort(entries.begin(), entries.end());
  for (const fs::directory_entry& entry : entries) {
    const std::string name = entry.path().filename().string();
    const std::string relative = prefix + name;
    if (IsHidden(name)) {
      inbox->ignored.push_back(relative);
      continue;
    }
    RETURN_IF_ERROR(Place(spec, entry, relative, inbox));
    if (entry.is_directory(error)) {
      RETURN_IF_ERROR(ScanFolder(spec, entry.path(), relative + "/", inbox));
    }
  }
  return Status::Ok();
}

}  // namespace

std::optional<PatternMatch> MatchPattern(std::string_view pattern, std::string_view path) {
  for (std::string_view candidate : {path, WithoutCompression(path)}) {
    PatternMatch match;
    if (MatchRest(pattern, candidate, &match.batch_date)) return match;
  }
  return std::nullopt;
}

std::vector<FoundFile> Inbox::For(const Dataset& dataset, Days date) const {
  const auto dates = files.find(dataset.name);
  if (dates == files.end()) return {};
  const auto found = dates->second.find(dataset.dated() ? std::optional<Days>(date) : std::nullopt);
  return found == dates->second.end() ? std::vector<FoundFile>() : found->second;
}

Result<Inbox> ScanInput(const Spec& spec, const std::string& directory) {
  std::error_code error;
  if (!fs::exists(directory, error)) {
    return Unavailable(fmt::format("input folder '{}' does not exist", directory));
  }
  if (!fs::is_directory(directory, error)) {
    return Unavailable(fmt::format("input '{}' is no folder", directory));
  }
  Inbox inbox;
  RETURN_IF_ERROR(ScanFolder(spec, directory, "", &inbox));
  return inbox;
}

}  // namespace lyceum
