#include "engines/spark_errors.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string_view>

// What may be shown of Spark's messages. They are written to help, so that those of errors in rows
// quote the row: `The value 'Ann Smith' of the type "STRING" cannot be cast to "INT"`. New versions
// bring new messages, so that there is a list of those that are shown, not of those that are
// hidden:
// - what Spark throws as an AnalysisException, of which a ParseException is one: it is found before
// a
//   row is read and can quote only the statement. The SQLSTATE alone does not tell: to_number()
//   fails on a row with 42601, a syntax error. Off this list again are states of values (22, 23,
//   42846) and of partitions (428FT), whose values come from rows;
// - errors that name a file, a limit or a handle: KD001 (a file cannot be read), 58 (the system
// around
//   Spark), 53 and 82 (memory), 51024 (a view is out of date), HY (handles of Spark Connect).
// Of all others only the class, the SQLSTATE and the part of the statement are told.

namespace lyceum {
namespace {

constexpr size_t kLongestLine = 600;
constexpr size_t kLongestFragment = 200;

bool Contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

bool StartsWithAny(std::string_view text, std::initializer_list<std::string_view> starts) {
  return std::any_of(starts.begin(), starts.end(),
                     [&](std::string_view start) { return text.starts_with(start); });
}

/// At most `limit` bytes, without half a character at the end, on one line.
std::string Shortened(std::string_view text, size_t limit) {
  const bool cut = text.size() > limit;
  if (cut) {
    size_t end = limit;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text = text.substr(0, end);
  }
  std::string line;
  for (char c : text) {
    const bool blank = static_cast<unsigned char>(c) < ' ' || c == ' ';
    if (!blank) line += c;
    if (blank && !line.empty() && line.back() != ' ') line += ' ';
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return cut ? line + "..." : line;
}

/// `CLASS.SUBCLASS` of `[CLASS.SUBCLASS] text`; "" if the message does not begin so.
std::string ClassOf(std::string_view message) {
  message.remove_prefix(std::min(message.find_first_not_of(" \n"), message.size()));
  if (message.empty() || message[0] != '[') return "";
  const size_t close = message.find(']');
  if (close == message.npos) return "";
  const std::string_view name = message.substr(1, close - 1);
  const bool is_class = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
  return is_class ? std::string(name) : "";
}

/// The five letters after the last `SQLSTATE: `; "" if there are none.
std::string SqlStateOf(std::string_view message) {
  constexpr std::string_view kMark = "SQLSTATE: ";
  const size_t mark = message.rfind(kMark);
  if (mark == message.npos || mark + kMark.size() + 5 > message.size()) return "";
  return std::string(message.substr(mark + kMark.size(), 5));
}

std::string Metadata(const spark::connect::ErrorInfo& info, const char* key) {
  const auto found = info.metadata().find(key);
  return found == info.metadata().end() ? "" : found->second;
}

bool IsOfType(const google::protobuf::Any& detail, std::string_view name) {
  const std::string& url = detail.type_url();
  return url.size() >= name.size() && url.compare(url.size() - name.size(), name.size(), name) == 0;
}

bool MayShow(const SparkError& error) {
  if (StartsWithAny(error.sql_state, {"KD001", "58", "53", "82", "51024", "HY"})) return true;
  const bool analysis = Contains(error.java_class, "sql.AnalysisException") ||
                        Contains(error.java_class, "parser.ParseException");
  return analysis && !StartsWithAny(error.sql_state, {"22", "23", "42846", "428FT", "P0", "XX"});
}

/// A connection that broke comes as this text of gRPC in place of UNAVAILABLE, where a proxy closed
/// the stream.
bool IsBrokenStream(const std::string& message) {
  return Contains(message, "RST_STREAM") || message == "Stream removed" ||
         message == "Socket closed" || Contains(message, "GOAWAY");
}

/// What Spark says only in words, in ours.
const char* KnownCause(const SparkError& error) {
  const std::string& text = error.message;
  if (Contains(text, "ExecutorLostFailure") || Contains(text, "FetchFailed")) {
    return "an executor was lost";
  }
  if (Contains(text, "OutOfMemoryError") || Contains(error.java_class, "OutOfMemoryError")) {
    return "out of memory";
  }
  if (Contains(text, "No space left on device")) return "no space left on a disk of the server";
  if (Contains(text, "SparkContext was shut down") || Contains(text, "stopped SparkContext")) {
    return "the server is shutting down";
  }
  if (Contains(error.java_class, "s3a.UnknownStoreException")) return "there is no such bucket";
  if (Contains(error.java_class, "java.nio.file.AccessDeniedException")) {
    return "access denied, or the cluster has no credentials";
  }
  if (Contains(text, "org.apache.hadoop.fs.s3a.S3AFileSystem not found")) {
    return "the cluster lacks hadoop-aws, which reads and writes s3a://";
  }
  return nullptr;
}

bool IsOfTheSystem(const SparkError& error) {
  return StartsWithAny(error.sql_state, {"08", "53", "57", "58", "82", "KD001", "HY", "XXKDA"}) ||
         error.error_class.starts_with("PATH_NOT_FOUND") ||
         StartsWithAny(error.java_class,
                       {"java.io.", "java.net.", "java.nio.", "org.apache.hadoop."});
}

/// The message's first line, without the SQLSTATE in its midst.
std::string FirstLine(const SparkError& error) {
  // Parse errors begin with an empty line.
  const size_t begin = std::min(error.message.find_first_not_of(" \n"), error.message.size());
  std::string line = error.message.substr(begin, error.message.find('\n', begin) - begin);
  if (!error.sql_state.empty()) {
    const std::string mark = " SQLSTATE: " + error.sql_state;
    if (const size_t found = line.rfind(mark); found != line.npos) line.erase(found, mark.size());
  }
  line = Shortened(line, kLongestLine);
  while (!line.empty() && (line.back() == ';' || line.back() == '.') && !line.ends_with("...")) {
    line.pop_back();
  }
  return line;
}

}  // namespace

bool SparkError::lost_session() const { return error_class.starts_with("INVALID_HANDLE.SESSION_"); }

bool IsOtherServer(const SparkError& error) {
  return error.code == grpc::StatusCode::UNIMPLEMENTED ||
         Contains(error.message, "Trying to connect an http1.x server") ||
         Contains(error.message, "Failed parsing HTTP/2");
}

std::string ConnectionProblem(const std::string& message) {
  struct Problem {
    const char* text;  ///< of gRPC's message, lower case
    const char* told;
  };
  static constexpr Problem kProblems[] = {
      {"wrong version number",
       "it speaks no TLS, which a token or use_ssl=true asks for; say use_ssl=false on a trusted "
       "network, or put a proxy with TLS before it"},
      {"certificate verify failed",
       "its TLS certificate is signed by no authority that this machine trusts; "
       "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH may name a file with another one"},
      {"connection refused",
       "connection refused; is the server running, and are host and port right?"},
      {"dns resolution failed", "its host name is unknown; is it right?"},
      {"domain name not found", "its host name is unknown; is it right?"},
      {"no route to host", "there is no way to it; are host and port right?"},
      {"network is unreachable", "there is no way to it; are host and port right?"},
      {"timed out",
       "no answer in time; are host and port right, and does a firewall let us through?"},
      {"deadline exceeded",
       "no answer in time; are host and port right, and does a firewall let us through?"},
  };
  std::string lower;
  for (char c : message) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    lower += c == '_' ? ' ' : c;
  }
  for (const Problem& problem : kProblems) {
    if (Contains(lower, problem.text)) return problem.told;
  }
  return message + "; is the server running, and are host and port right?";
}

SparkError ReadSparkError(const grpc::Status& status) {
  SparkError error;
  error.code = status.error_code();
  if (status.ok()) return error;
  error.message = status.error_message();
  if (status.error_details().empty() && IsBrokenStream(error.message)) {
    error.code = grpc::StatusCode::UNAVAILABLE;
  }
  error.may_retry = error.code == grpc::StatusCode::UNAVAILABLE;
  spark::connect::RpcStatus rpc;
  // Anything may stand before the server, so that broken details are no surprise.
  if (!rpc.ParseFromString(status.error_details())) rpc.Clear();
  for (const google::protobuf::Any& detail : rpc.details()) {
    spark::connect::ErrorInfo info;
    spark::connect::RetryInfo retry;
    if (IsOfType(detail, "google.rpc.ErrorInfo") && info.ParseFromString(detail.value())) {
      error.error_class = Metadata(info, "errorClass");
      error.sql_state = Metadata(info, "sqlState");
      error.error_id = Metadata(info, "errorId");
      error.java_class = info.reason();
      // `["org.apache.spark.sql.AnalysisException","java.lang.Exception"]`
      error.java_class += " " + Metadata(info, "classes");
    } else if (IsOfType(detail, "google.rpc.RetryInfo") && retry.ParseFromString(detail.value())) {
      error.may_retry = true;
      const auto& delay = retry.retry_delay();
      const int64_t seconds = std::clamp<int64_t>(delay.seconds(), 0, 3600);
      error.retry_delay = std::chrono::milliseconds(seconds * 1000 + delay.nanos() / 1000000);
    }
  }
  if (error.error_class.empty()) error.error_class = ClassOf(error.message);
  if (error.sql_state.empty()) error.sql_state = SqlStateOf(error.message);
  // Another stream took over, or seemed to.
  if (error.is("INVALID_CURSOR.DISCONNECTED")) error.may_retry = true;
  return error;
}

void AddErrorDetails(const spark::connect::FetchErrorDetailsResponse& details, SparkError* error) {
  int index = details.has_root_error_idx() ? details.root_error_idx() : 0;
  // The chain of causes is short; a server that sends a ring is not followed for ever.
  for (int depth = 0; depth < 8 && index >= 0 && index < details.errors_size(); ++depth) {
    const auto& cause = details.errors(index);
    const auto& thrown = cause.spark_throwable();
    if (error->error_class.empty() && !thrown.error_class().empty()) {
      error->error_class = thrown.error_class();
      error->message = cause.message();
    }
    if (error->sql_state.empty()) error->sql_state = thrown.sql_state();
    for (const auto& context : thrown.query_contexts()) {
      if (error->fragment.empty()) error->fragment = context.fragment();
    }
    if (!cause.has_cause_idx()) break;
    index = cause.cause_idx();
  }
}

Status SparkErrorStatus(const SparkError& error) {
  // What our own statements raise (sql/spark_dialect.cc) holds no value, and says what to change.
  constexpr std::string_view kRaised = "[USER_RAISED_EXCEPTION] a value of more than ";
  if (const std::string line = FirstLine(error); line.starts_with(kRaised)) {
    return BadSpec(line.substr(line.find("] ") + 2));
  }
  const char* cause = error.error_class.empty() ? KnownCause(error) : nullptr;
  const std::string java_class = error.java_class.substr(0, error.java_class.find(' '));
  std::string name = error.error_class.empty() ? java_class : error.error_class;
  if (name.empty()) name = fmt::format("gRPC code {}", static_cast<int>(error.code));
  std::string message = fmt::format("[{}]", name);
  if (cause) {
    message += fmt::format(" {}", cause);
  } else if (MayShow(error)) {
    const std::string line = FirstLine(error);
    message = line.starts_with(message) ? line : fmt::format("{} {}", message, line);
  }
  if (!error.sql_state.empty()) message += fmt::format(" (SQLSTATE {})", error.sql_state);
  if (!cause && !MayShow(error)) message += ", values left out";
  if (!error.fragment.empty()) {
    message += fmt::format(" at: {}", Shortened(error.fragment, kLongestFragment));
  }
  return cause || IsOfTheSystem(error) ? Unavailable(message) : Internal(message);
}

}  // namespace lyceum
