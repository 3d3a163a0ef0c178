#include "engines/object_store.h"

#include <duckdb.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "engines/text_file.h"
#include "sql/dialect.h"

namespace lyceum {
namespace {

namespace fs = std::filesystem;

constexpr size_t kTransferBytes = 4 << 20;

std::string Variable(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value && *value) return value;
  }
  return "";
}

/// Extension files to try, best first.
std::vector<std::string> ExtensionFiles() {
  std::vector<std::string> files;
  if (const std::string given = Variable({"LYCEUM_HTTPFS"}); !given.empty()) files.push_back(given);
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& folder : {program, program / ".." / "lib"}) {
    const fs::path file = folder / "httpfs.duckdb_extension";
    if (!error && fs::exists(file, error)) files.push_back(file.string());
  }
  return files;
}

Status LoadExtension(DuckDb* database) {
  Status status = Unavailable("");
  for (const std::string& file : ExtensionFiles()) {
    status = database->Execute(fmt::format("LOAD {}", QuoteText(DuckDbDialect(), file)));
    if (status.ok()) return status;
  }
  if (Status installed = database->Execute("LOAD httpfs"); installed.ok()) return installed;
  return Unavailable(
      fmt::format("s3:// needs DuckDB's httpfs extension{}; put httpfs.duckdb_extension of DuckDB "
                  "{} beside the "
                  "program, or name it in LYCEUM_HTTPFS",
                  status.message().empty() ? "" : fmt::format(" ({})", status.message()),
                  duckdb_library_version()));
}

/// The SQL of the secret. Never logged.
Result<std::string> SecretSql() {
  const auto text = [](const std::string& value) { return QuoteText(DuckDbDialect(), value); };
  std::string sql = "CREATE OR REPLACE TEMPORARY SECRET lyceum_s3 (TYPE s3, PROVIDER config";
  for (const auto& [name, key] :
       {std::pair{"AWS_ACCESS_KEY_ID", "KEY_ID"}, {"AWS_SECRET_ACCESS_KEY", "SECRET"}}) {
    const std::string value = Variable({name});
    if (value.empty()) {
      return BadSpec(
          fmt::format("s3:// needs credentials: environment variable '{}' is not set", name));
    }
    sql += fmt::format(", {} {}", key, text(value));
  }
  if (const std::string token = Variable({"AWS_SESSION_TOKEN"}); !token.empty()) {
    sql += fmt::format(", SESSION_TOKEN {}", text(token));
  }
  sql += fmt::format(", REGION {}", text(ObjectStore::Region()));
  std::string endpoint = Variable({"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"});
  std::string style = Variable({"LYCEUM_S3_URL_STYLE"});
  if (!endpoint.empty()) {
    const bool plain = endpoint.rfind("http://", 0) == 0;
    if (const size_t scheme = endpoint.find("://"); scheme != std::string::npos) {
      endpoint = endpoint.substr(scheme + 3);
    }
    while (!endpoint.empty() && endpoint.back() == '/') endpoint.pop_back();
    sql += fmt::format(", ENDPOINT {}, USE_SSL {}", text(endpoint), !plain);
    if (style.empty()) style = "path";
  }
  if (!style.empty()) sql += fmt::format(", URL_STYLE {}", text(style));
  return sql + ")";
}

Status CannotDo(const char* verb, const std::string& url, const std::string& why) {
  std::string line;
  for (char c : why) {
    if (c == '\n' && !line.empty() && line.back() != ' ') line += ": ";
    if (c != '\n') line += c;
    if (line.size() > 300) break;
  }
  // DuckDB takes what follows for parameters of the request.
  const char* hint = url.find('?') == std::string::npos ? "" : "; names with '?' cannot be read";
  return Unavailable(fmt::format("cannot {} '{}': {}{}", verb, url, line, hint));
}

/// Owns what the C API hands out for the time of one transfer. DuckDB looks credentials up in a
/// transaction, so one is open as long.
class RemoteHandle {
 public:
  explicit RemoteHandle(DuckDb* database) : database_(database) {
    (void)database_->Execute("BEGIN");
    duckdb_connection_get_client_context(database->connection(), &context_);
    files_ = duckdb_client_context_get_file_system(context_);
  }
  ~RemoteHandle() {
    if (handle_) duckdb_destroy_file_handle(&handle_);
    if (files_) duckdb_destroy_file_system(&files_);
    if (context_) duckdb_destroy_client_context(&context_);
    (void)database_->Execute("ROLLBACK");
  }
  RemoteHandle(const RemoteHandle&) = delete;
  RemoteHandle& operator=(const RemoteHandle&) = delete;

  Status Open(const std::string& url) {
    url_ = url;
    duckdb_file_open_options options = duckdb_create_file_open_options();
    duckdb_file_open_options_set_flag(options, DUCKDB_FILE_FLAG_READ, true);
    const duckdb_state state = duckdb_file_system_open(files_, url.c_str(), options, &handle_);
    duckdb_destroy_file_open_options(&options);
    return state == DuckDBSuccess ? Status::Ok() : Failed(duckdb_file_system_error_data(files_));
  }

  /// The number of bytes read, 0 at the end.
  Result<size_t> Read(char* out, size_t size) {
    const int64_t got = duckdb_file_handle_read(handle_, out, static_cast<int64_t>(size));
    if (got < 0) return Failed(duckdb_file_handle_error_data(handle_));
    return static_cast<size_t>(got);
  }

  int64_t Size() { return duckdb_file_handle_size(handle_); }

 private:
  Status Failed(duckdb_error_data error) {
    const std::string why = duckdb_error_data_message(error);
    duckdb_destroy_error_data(&error);
    return CannotDo("read", url_, why);
  }

  DuckDb* database_;
  std::string url_;
  duckdb_client_context context_ = nullptr;
  duckdb_file_system files_ = nullptr;
  duckdb_file_handle handle_ = nullptr;
};

/// Escapes what a glob would take for a wildcard.
std::string Literal(std::string_view text) {
  std::string pattern;
  for (char c : text) {
    if (c == '*' || c == '?' || c == '[') {
      pattern += fmt::format("[{}]", c);
    } else {
      pattern += c;
    }
  }
  return pattern;
}

Status WriteAll(int fd, const std::string& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return Unavailable(fmt::format("cannot write '{}': {}", path, ErrnoText(errno)));
    bytes.remove_prefix(static_cast<size_t>(put));
  }
  return Status::Ok();
}

}  // namespace

bool IsObjectUrl(std::string_view path) { return path.substr(0, 5) == "s3://"; }

std::string ObjectStore::Region() {
  const std::string region = Variable({"AWS_REGION", "AWS_DEFAULT_REGION"});
  return region.empty() ? "us-east-1" : region;
}

Result<std::unique_ptr<ObjectStore>> ObjectStore::Open(DuckDb* database) {
  ASSIGN_OR_RETURN(const std::string secret, SecretSql());
  RETURN_IF_ERROR(LoadExtension(database));
  if (!database->Execute(secret).ok()) {
    // DuckDB's message may quote the statement.
    return Unavailable("DuckDB refused the s3 credentials of the environment");
  }
  return std::unique_ptr<ObjectStore>(new ObjectStore(database));
}

Result<std::vector<std::string>> ObjectStore::List(const std::string& prefix) {
  std::string folder = prefix;
  while (folder.size() > 5 && folder.back() == '/') folder.pop_back();
  const auto rows = database_->Query(fmt::format(
      "SELECT file FROM glob({})", QuoteText(DuckDbDialect(), Literal(folder) + "/**")));
  if (!rows.ok()) {
    return Unavailable(fmt::format("cannot list '{}': {}", prefix, rows.status().message()));
  }
  std::vector<std::string> urls;
  for (const auto& row : rows->rows) {
    // Some tools write an empty object for a folder.
    if (row[0]->back() != '/') urls.push_back(*row[0]);
  }
  std::sort(urls.begin(), urls.end());
  return urls;
}

Status ObjectStore::Download(const std::string& url, const std::string& path) {
  RemoteHandle object(database_);
  RETURN_IF_ERROR(object.Open(url));
  const FileDescriptor local(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (local.get() < 0) {
    return Unavailable(fmt::format("cannot write '{}': {}", path, ErrnoText(errno)));
  }
  std::vector<char> buffer(kTransferBytes);
  int64_t total = 0;
  for (;;) {
    ASSIGN_OR_RETURN(const size_t got, object.Read(buffer.data(), buffer.size()));
    if (got == 0) break;
    total += static_cast<int64_t>(got);
    RETURN_IF_ERROR(WriteAll(local.get(), path, {buffer.data(), got}));
  }
  if (total != object.Size()) return ChangedWhileRead(url);
  return Status::Ok();
}

// Written by COPY, not by the file functions of the C API: those report a failed upload by an
// exception in a destructor, which ends the process.
Status ObjectStore::Write(const std::string& url, std::string_view text) {
  return CopyTo(url, fmt::format("SELECT encode({})", QuoteText(DuckDbDialect(), text)));
}

Status ObjectStore::Upload(const std::string& path, const std::string& url) {
  return CopyTo(url, fmt::format("SELECT content FROM read_blob({})",
                                 QuoteText(DuckDbDialect(), Literal(path))));
}

Status ObjectStore::CopyTo(const std::string& url, const std::string& query) {
  const Status status = database_->Execute(
      fmt::format("COPY ({}) TO {} (FORMAT blob)", query, QuoteText(DuckDbDialect(), url)));
  return status.ok() ? status : CannotDo("write", url, status.message());
}

}  // namespace lyceum
