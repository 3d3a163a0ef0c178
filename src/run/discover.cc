#include "run/discover.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "engines/record_file.h"
#include "engines/text_file.h"
#include "engines/utf8.h"

namespace lyceum {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDateToken = "{batch_date}";

/// Matches a pattern against a path. `*` and `?` stay within a folder. Pairs of places that failed
/// once are not tried again, so that many stars cost no more than pattern times path.
class PatternMatcher {
 public:
  PatternMatcher(std::string_view pattern, std::string_view path)
      : pattern_(pattern), path_(path), failed_((pattern.size() + 1) * (path.size() + 1), false) {}

  bool Match(std::optional<Days>* date) { return MatchFrom(0, 0, date); }

 private:
  bool MatchFrom(size_t p, size_t at, std::optional<Days>* date) {
    if (p == pattern_.size()) return at == path_.size();
    const size_t pair = p * (path_.size() + 1) + at;
    if (failed_[pair]) return false;
    const bool matches = Try(p, at, date);
    if (!matches) failed_[pair] = true;
    return matches;
  }

  bool Try(size_t p, size_t at, std::optional<Days>* date) {
    if (pattern_.substr(p, kDateToken.size()) == kDateToken) return TryDate(p, at, date);
    const bool more = at < path_.size() && path_[at] != '/';
    if (pattern_[p] == '*') {
      return MatchFrom(p + 1, at, date) || (more && MatchFrom(p, at + 1, date));
    }
    if (pattern_[p] == '?') return more && MatchFrom(p + 1, at + 1, date);
    return at < path_.size() && pattern_[p] == path_[at] && MatchFrom(p + 1, at + 1, date);
  }

  bool TryDate(size_t p, size_t at, std::optional<Days>* date) {
    for (size_t length : {8, 10}) {
      if (at + length > path_.size()) continue;
      const std::optional<Days> day = ParseBatchDate(path_.substr(at, length));
      if (day && MatchFrom(p + kDateToken.size(), at + length, date)) {
        *date = day;
        return true;
      }
    }
    return false;
  }

  std::string_view pattern_, path_;
  std::vector<bool> failed_;
};

bool MatchWhole(std::string_view pattern, std::string_view path, std::optional<Days>* date) {
  return PatternMatcher(pattern, path).Match(date);
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
  if (MatchWhole(ReplaceDate(pattern, "*"), plain, &date)) {
    return "no batch date yyyyMMdd or yyyy-MM-dd where the pattern has one";
  }
  if (MatchWhole(Lower(pattern), Lower(plain), &date)) return "differs in case";
  const std::string wanted = Letters(Stem(ReplaceDate(pattern, "")));
  const std::string found = Letters(Stem(plain));
  if (wanted.size() < 4 || found.size() < 4) return "";
  if (found == wanted || found.rfind(wanted, 0) == 0 || wanted.rfind(found, 0) == 0) {
    return "differs in separators, folder or ending";
  }
  return "";
}

/// A file name as patterns, reports and the ledger see it: names that are no clean UTF-8 are
/// escaped. So is a name that looks like an escaped one, or two files would have one name.
std::string ShownName(const std::string& name) {
  const bool clean = IsCleanText(name) && std::none_of(name.begin(), name.end(), [](char c) {
                       return static_cast<unsigned char>(c) < 0x20;
                     });
  const bool looks_escaped =
      name.find('\\') != std::string::npos && UnescapeBytes(name).has_value();
  return clean && !looks_escaped ? name : EscapeBytes(name);
}

bool IsHidden(const std::string& name) { return !name.empty() && name[0] == '.'; }

/// A path that a scan or a listing came to.
struct ListedPath {
  std::string path;       ///< as opened
  std::string relative;   ///< below --input
  std::string base_name;  ///< as shown
  bool is_directory = false;
};

/// Sorts one path into the inbox.
Status Place(const Spec& spec, const ListedPath& listed, Inbox* inbox) {
  const std::string& relative = listed.relative;
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
  if (listed.is_directory) {
    if (!owner) return Status::Ok();
    return Unavailable(
        fmt::format("'{}' is a directory, expected a file of dataset '{}'", relative, owner->name));
  }
  if (owner) {
    inbox->files[owner->name][match.batch_date].push_back(
        {listed.path, relative, listed.base_name});
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

/// A folder by what it is, whatever its name.
using FolderId = std::pair<uint64_t, uint64_t>;

/// `above` are the folders that lead here. A link back to one of them would never end.
Status ScanFolder(const Spec& spec, const fs::path& folder, const std::string& prefix,
                  std::vector<FolderId>* above, Inbox* inbox) {
  std::error_code error;
  struct stat info {};
  if (stat(folder.c_str(), &info) != 0) {
    return Unavailable(
        fmt::format("cannot read folder '{}': {}", folder.string(), ErrnoText(errno)));
  }
  const FolderId id{info.st_dev, info.st_ino};
  if (std::find(above->begin(), above->end(), id) != above->end()) {
    inbox->ignored.push_back(prefix);
    return Status::Ok();
  }
  above->push_back(id);
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
    const std::string name = ShownName(entry.path().filename().string());
    const std::string relative = prefix + name;
    if (IsHidden(name)) {
      inbox->ignored.push_back(relative);
      continue;
    }
    const bool is_directory = entry.is_directory(error);
    RETURN_IF_ERROR(Place(spec, {entry.path().string(), relative, name, is_directory}, inbox));
    if (is_directory) {
      RETURN_IF_ERROR(ScanFolder(spec, entry.path(), relative + "/", above, inbox));
    }
  }
  above->pop_back();
  return Status::Ok();
}

}  // namespace

std::optional<PatternMatch> MatchPattern(std::string_view pattern, std::string_view path) {
  for (std::string_view candidate : {path, WithoutCompression(path)}) {
    PatternMatch match;
    if (MatchWhole(pattern, candidate, &match.batch_date)) return match;
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
  std::vector<FolderId> above;
  RETURN_IF_ERROR(ScanFolder(spec, directory, "", &above, &inbox));
  return inbox;
}

Result<Inbox> PlaceObjects(const Spec& spec, const std::string& prefix,
                           const std::vector<std::string>& urls) {
  Inbox inbox;
  for (const std::string& url : urls) {
    const std::string key = url.substr(prefix.size() + 1);
    std::string relative;
    bool hidden = false;
    for (size_t at = 0; at <= key.size();) {
      const size_t end = std::min(key.find('/', at), key.size());
      const std::string part = ShownName(key.substr(at, end - at));
      hidden = hidden || IsHidden(part);
      relative += (relative.empty() ? "" : "/") + part;
      at = end + 1;
    }
    if (hidden) {
      inbox.ignored.push_back(relative);
      continue;
    }
    const std::string base_name = relative.substr(relative.rfind('/') + 1);
    RETURN_IF_ERROR(Place(spec, {url, relative, base_name, false}, &inbox));
  }
  return inbox;
}

}  // namespace lyceum
