#include "run/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <vector>

#include "base/diagnostic.h"
#include "base/hex.h"
#include "base/redact.h"

namespace lyceum {
namespace {

constexpr std::string_view kDuckDbScheme = "duckdb:";
constexpr std::string_view kRedshiftScheme = "redshift://";

bool IsPostgresUrl(std::string_view text) {
  return text.starts_with("postgresql://") || text.starts_with("postgres://");
}

/// Takes the parameters that are ours out of a URL; libpq refuses those that it does not know.
std::string TakeParameters(const std::string& url, ResolvedTarget* target) {
  const size_t question = url.find('?');
  if (question == std::string::npos) return url;
  std::string rest;
  for (size_t at = question + 1; at <= url.size();) {
    const size_t end = std::min(url.find('&', at), url.size());
    const std::string parameter = url.substr(at, end - at);
    at = end + 1;
    const size_t equal = parameter.find('=');
    const std::string key = parameter.substr(0, equal);
    const std::string value =
        equal == std::string::npos ? "" : DecodePercent(parameter.substr(equal + 1));
    if (key == "schema") {
      target->schema = value;
    } else if (key == "stage") {
      target->stage = value;
    } else if (key == "iam_role") {
      target->iam_role = value;
    } else if (!parameter.empty()) {
      rest += (rest.empty() ? "?" : "&") + parameter;
    }
  }
  return url.substr(0, question) + rest;
}

/// `port=5439` and an encrypted connection, unless the URL says otherwise.
std::string WithRedshiftDefaults(std::string url) {
  url = "postgresql://" + url.substr(kRedshiftScheme.size());
  const auto add = [&url](const std::string& parameter) {
    url += (url.find('?') == std::string::npos ? "?" : "&") + parameter;
  };
  const size_t host = std::min(url.rfind('@', url.find_first_of("?")), url.size());
  const size_t from = host == url.size() ? std::string_view("postgresql://").size() : host + 1;
  const std::string authority = url.substr(from, url.find_first_of("/?", from) - from);
  const bool has_port =
      authority.find(':', authority.rfind(']') == std::string::npos ? 0 : authority.rfind(']')) !=
      std::string::npos;
  if (!has_port && url.find("port=") == std::string::npos) add("port=5439");
  if (url.find("sslmode=") == std::string::npos) add("sslmode=require");
  return url;
}

/// The URL as people may see it: no password, no parameters. A password that is not encoded as it
/// should be may hold any character, so everything between the user and the last '@' goes.
std::string ShownUrl(const std::string& url) {
  const size_t begin = url.find("://") + 3;
  const size_t at = url.rfind('@');
  if (at == std::string::npos || at < begin) return url.substr(0, url.find('?'));
  const std::string user = url.substr(begin, url.find_first_of(":/?#@", begin) - begin);
  const std::string rest = url.substr(at);
  return url.substr(0, begin) + user + rest.substr(0, rest.find('?'));
}

/// User and password hold no character that ends them early; libpq's messages would show the rest.
Status CheckUserInfo(const std::string& url, const std::string& name) {
  const size_t begin = url.find("://") + 3;
  const size_t end = std::min(url.find_first_of("/?#", begin), url.size());
  const std::string authority = url.substr(begin, end - begin);
  bool good = std::count(authority.begin(), authority.end(), '@') <= 1 &&
              url.find('@', end) == std::string::npos && url.find('#', begin) == std::string::npos;
  for (size_t at = authority.find('%'); at != std::string::npos; at = authority.find('%', at + 1)) {
    const bool hex = at + 2 < authority.size() &&
                     std::isxdigit(static_cast<unsigned char>(authority[at + 1])) != 0 &&
                     std::isxdigit(static_cast<unsigned char>(authority[at + 2])) != 0;
    good = good && hex;
  }
  if (good) return Status::Ok();
  return BadSpec(
      fmt::format("target '{}': write special characters of user and password as in URLs, "
                  "such as %40 for '@', %2F for '/', %25 for '%'",
                  name));
}

Status CheckRedshift(const ResolvedTarget& target) {
  if (!target.stage.starts_with("s3://") || target.stage.size() <= 5) {
    return BadSpec(fmt::format("target '{}' needs a stage, 's3://bucket/prefix'", target.name));
  }
  return Status::Ok();
}

/// Fills a target from a connection URL; `target->name` stands already.
Status ReadUrl(const std::string& written, ResolvedTarget* target) {
  if (written.find("://") != std::string::npos) {
    RETURN_IF_ERROR(CheckUserInfo(written, target->name));
  }
  const std::string url = TakeParameters(written, target);
  if (IsPostgresUrl(url)) {
    target->kind = TargetKind::kPostgres;
    target->url = url;
  } else if (url.starts_with(kRedshiftScheme)) {
    target->kind = TargetKind::kRedshift;
    target->url = WithRedshiftDefaults(url);
    if (target->iam_role.empty()) target->iam_role = "default";
    while (!target->stage.empty() && target->stage.back() == '/') target->stage.pop_back();
    // Redshift folds names to lower case, quoted or not (r_names).
    for (char& c : target->schema)
      c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    RETURN_IF_ERROR(CheckRedshift(*target));
  } else {
    return BadSpec(
        fmt::format("target '{}': expected 'postgresql://...' or 'redshift://...'", target->name));
  }
  if (target->schema == "lyceum") {
    return BadSpec("schema 'lyceum' is for the bookkeeping; choose another");
  }
  return Status::Ok();
}

std::vector<std::string> TargetNames(const Spec& spec) {
  std::vector<std::string> names;
  for (const Target& target : spec.targets) names.push_back(target.name);
  return names;
}

Result<ResolvedTarget> FromSpec(const Target& written) {
  ResolvedTarget target;
  target.name = written.name;
  target.layouts = written.tables;
  ASSIGN_OR_RETURN(target.schema, ExpandEnvironment(written.schema));
  if (written.type == "duckdb") {
    ASSIGN_OR_RETURN(target.path, ExpandEnvironment(written.path));
    return target;
  }
  ASSIGN_OR_RETURN(const std::string url, ExpandEnvironment(written.url));
  ASSIGN_OR_RETURN(target.stage, ExpandEnvironment(written.stage));
  if (written.type == "redshift") {
    ASSIGN_OR_RETURN(target.iam_role, ExpandEnvironment(written.iam_role));
  }
  RETURN_IF_ERROR(ReadUrl(url, &target));
  const bool redshift = target.kind == TargetKind::kRedshift;
  if (redshift != (written.type == "redshift")) {
    return BadSpec(
        fmt::format("target '{}' is of type {}, but its url is not", target.name, written.type));
  }
  return target;
}

}  // namespace

const Dialect& ResolvedTarget::dialect() const {
  switch (kind) {
    case TargetKind::kPostgres:
      return PostgresDialect();
    case TargetKind::kRedshift:
      return RedshiftDialect();
    case TargetKind::kDuckDb:
      break;
  }
  return DuckDbDialect();
}

std::string ResolvedTarget::DefaultSchema() const {
  return kind == TargetKind::kDuckDb ? "main" : "public";
}

std::string ResolvedTarget::DefaultRunDirectory() const {
  if (kind == TargetKind::kDuckDb) return path + ".runs";
  std::string database = url.substr(0, url.find('?'));
  const size_t host = database.find("://") + 3;
  const size_t slash = database.find('/', host);
  database = slash == std::string::npos ? "" : database.substr(slash + 1);
  std::replace(database.begin(), database.end(), '/', '_');
  return (database.empty() ? "lyceum" : database) + ".runs";
}

Result<ResolvedTarget> ResolveTarget(const Spec* spec, const std::string& name_or_url) {
  ResolvedTarget target;
  if (name_or_url.starts_with(kDuckDbScheme)) {
    target.name = name_or_url;
    target.path = name_or_url.substr(kDuckDbScheme.size());
    if (target.path.empty()) {
      return BadSpec("'duckdb:' lacks a path; write 'duckdb:warehouse.duckdb'");
    }
    return target;
  }
  if (name_or_url.find("://") != std::string::npos) {
    target.name = ShownUrl(name_or_url);
    RETURN_IF_ERROR(ReadUrl(name_or_url, &target));
    return target;
  }
  std::string name = name_or_url;
  if (name.empty() && spec) name = spec->default_target;
  if (name.empty()) {
    return BadSpec(
        "no target; give --target NAME, duckdb:PATH, or a postgresql:// or redshift:// URL");
  }
  if (!spec) {
    return BadSpec(
        fmt::format("'{}' names a target of a spec, but no spec is given; give the spec, or "
                    "--target duckdb:PATH",
                    name));
  }
  if (spec) {
    for (const Target& candidate : spec->targets) {
      if (candidate.name == name) return FromSpec(candidate);
    }
  }
  // It may be a mistyped URL with a password.
  if (name.find_first_of(":@/") != std::string::npos) {
    return BadSpec(
        "--target is no name of a target; expected a name of the spec, duckdb:PATH, or a "
        "postgresql:// or redshift:// URL");
  }
  return BadSpec(
      fmt::format("the spec has no target '{}'{}", name, SuggestName(name, TargetNames(*spec))));
}

}  // namespace lyceum
