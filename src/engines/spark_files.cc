// One look at the lines of all files tells which of them can be split, and what their headers say.

#include "engines/spark_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/hex.h"
#include "base/sha256.h"
#include "engines/csv_header.h"
#include "engines/decompress.h"
#include "engines/json_records.h"
#include "engines/record_file.h"

namespace lyceum {
namespace {

namespace fs = std::filesystem;

constexpr char kListing[] = "listing:";
// With the prefix as long as a SHA-256, which is what a warehouse has room for.
constexpr size_t kListingDigits = 64 - (sizeof(kListing) - 1);

/// What one look at a file's lines told.
struct Inspection {
  bool seen = false;  ///< false: the file has no byte
  int64_t lines = 0, empty_lines = 0, bytes = 0, open_quotes = 0, returns = 0;
  std::string head;  ///< bytes of its first line that is not empty
  bool first_complete = true, last_complete = true, ends_empty = false, ends_in_return = false;
};

/// The path of a URL, percent signs undone: `file:///a%20b` and `file:/a b` are one.
std::string PathOf(std::string_view url, bool encoded) {
  std::string path = encoded ? DecodePercent(url) : std::string(url);
  if (path.rfind("file:", 0) == 0) path.erase(0, 5);
  if (path.rfind("//", 0) == 0) path.erase(0, path.find_first_not_of('/') - 1);
  return path;
}

/// Opens the files of one dataset.
class Opening {
 public:
  Opening(const DatasetPlan& plan, const std::string& spool_directory, SparkClient* client,
          SparkLoad* load)
      : dataset_(*plan.dataset),
        files_(plan.files),
        spool_directory_(spool_directory),
        client_(*client),
        load_(*load),
        names_(SparkDialect(), "", "") {
    load_.files.resize(files_.size());
    opened_.resize(files_.size());
  }

  Result<std::vector<OpenedFile>> Open() {
    RETURN_IF_ERROR(Inspect());
    RETURN_IF_ERROR(dataset_.format == FileFormat::kCsv ? OpenCsv() : OpenJson());
    for (size_t i = 0; i < files_.size(); ++i) {
      if (!opened_[i].fault.empty()) RETURN_IF_ERROR(DescribeFault(i));
    }
    return std::move(opened_);
  }

 private:
  Status MakeViews(const std::vector<size_t>& files) {
    SparkFileView view;
    view.name = fmt::format("_lines_{}", dataset_.name);
    view.format = "text";
    view.options = {{"lineSep", "\n"}};
    for (size_t i : files) view.paths.push_back(GlobEscaped(ClusterPath(files_[i])));
    view.select = {"_metadata.file_path AS path", "_metadata.file_block_start AS block",
                   "monotonically_increasing_id() AS mid", "value"};
    RETURN_IF_ERROR(client_.CreateView(view));
    view.name = fmt::format("_whole_{}", dataset_.name);
    view.options[0] = {"wholetext", "true"};
    view.select = {"_metadata.file_path AS path", "value"};
    return client_.CreateView(view);
  }

  Status Inspect() {
    std::vector<size_t> files;
    for (size_t i = 0; i < files_.size(); ++i) files.push_back(i);
    inspections_.resize(files.size());
    if (files.empty()) return Status::Ok();
    for (const DeliveredFile& file : files_) {
      if (file.relative.find(':') == std::string::npos) continue;
      return Unavailable(fmt::format(
          "the name of '{}' holds a ':', which Spark cannot read; rename it", file.relative));
    }
    RETURN_IF_ERROR(MakeViews(files));
    const Status status = ReadInspection();
    if (status.ok() || !FailedAtContent()) return status;
    return FindDamaged(status);
  }

  /// Whether the last statement could open its files, but not read one of them.
  bool FailedAtContent() const {
    const std::string& error_class = client_.last_error_class();
    return error_class.rfind("FAILED_READ_FILE", 0) == 0 && !IsUnseenFile(error_class);
  }

  Status ReadInspection() {
    ASSIGN_OR_RETURN(const RowSet set, client_.Query(RenderSparkInspection(load_, names_)));
    for (const auto& row : set.rows) {
      const size_t file = FileOf(row[0].value_or(""));
      if (file == SIZE_MAX) {
        return Internal(fmt::format("Spark read '{}', which was not delivered", *row[0]));
      }
      load_.files[file].path = *row[0];
      Inspection& inspection = inspections_[file];
      inspection.seen = true;
      inspection.lines = CountOf(row[1]);
      inspection.empty_lines = CountOf(row[2]);
      inspection.bytes = CountOf(row[3]);
      inspection.head = Unhex(row[4].value_or(""));
      inspection.first_complete = row[5] != "false";
      inspection.last_complete = row[6] != "false";
      inspection.ends_empty = row[7] == "true";
      inspection.open_quotes = CountOf(row[8]);
      inspection.returns = CountOf(row[9]);
      inspection.ends_in_return = row[10] == "true";
    }
    return Status::Ok();
  }

  size_t FileOf(const std::string& path) {
    const std::string wanted = PathOf(path, /*encoded=*/true);
    for (size_t i = 0; i < files_.size(); ++i) {
      if (PathOf(ClusterPath(files_[i]), /*encoded=*/false) == wanted) return i;
    }
    return SIZE_MAX;
  }

  /// Compressed data that is damaged ends the whole query; alone it is one bad file.
  Status FindDamaged(const Status& failure) {
    std::vector<size_t> sound;
    for (size_t i = 0; i < files_.size(); ++i) {
      const Compression compression = CompressionOf(files_[i].base_name);
      if (compression != Compression::kNone) {
        RETURN_IF_ERROR(MakeViews({i}));
        const auto lines = client_.Query(
            fmt::format("SELECT max(length(value)) FROM {}", names_.Temp("lines", dataset_.name)));
        if (!lines.ok()) {
          if (!FailedAtContent()) return lines.status();
          Fault(i, compression == Compression::kGzip ? "gzip data is damaged"
                                                     : "zstd data is damaged");
          continue;
        }
      }
      sound.push_back(i);
    }
    if (sound.size() == files_.size()) return failure;
    if (sound.empty()) return Status::Ok();
    RETURN_IF_ERROR(MakeViews(sound));
    return ReadInspection();
  }

  void Fault(size_t file, std::string reason, int64_t line = 1) {
    OpenedFile& opened = opened_[file];
    if (!opened.fault.empty()) return;
    opened.fault = std::move(reason);
    opened.fault_line = line;
    load_.files[file].faulty = true;
  }

  /// Says what is wrong with a file in the words of the embedded engine, where this machine sees
  /// it; else keeps the first lines of it.
  Status DescribeFault(size_t file) {
    OpenedFile& opened = opened_[file];
    const DeliveredFile& delivered = files_[file];
    opened.has_records = false;
    if (!IsListedContent(delivered.content_id())) {
      ASSIGN_OR_RETURN(const auto record_file,
                       RecordFile::Open(delivered.fingerprint, dataset_, spool_directory_));
      if (record_file->fault()) {
        opened = DescribeFile(*record_file);
        return Status::Ok();
      }
    }
    if (load_.files[file].path.empty()) return Status::Ok();
    ASSIGN_OR_RETURN(const RowSet lines, client_.Query(RenderSparkHead(load_, file, names_)));
    std::string head;
    for (const auto& row : lines.rows) {
      head += Unhex(row[0].value_or("")) + "\n";
      if (head.size() > kMaxRawTextBytes) break;
    }
    bool whole = true;
    opened.raw_text = EscapeBytesUpTo(head, kMaxRawTextBytes, &whole);
    return Status::Ok();
  }

  /// True if the text is none at all, whatever the format.
  bool HasForeignBytes(size_t file) {
    const std::string& head = inspections_[file].head;
    const auto starts = [&](std::string_view magic) { return head.rfind(magic, 0) == 0; };
    if (starts("\xFF\xFE") || starts("\xFE\xFF")) {
      Fault(file, "is UTF-16; save it as UTF-8");
    } else if (starts("\x1F\x8B")) {
      Fault(file, "is gzip data; name it .gz");
    } else if (starts("\x28\xB5\x2F\xFD")) {
      Fault(file, "is zstd data; name it .zst");
    }
    return load_.files[file].faulty;
  }

  Status Execute(const std::vector<Statement>& statements) {
    for (const Statement& statement : statements) {
      RETURN_IF_ERROR(client_.Execute(statement.sql));
    }
    return Status::Ok();
  }

  /// Cuts files whole into records and makes the view of them.
  Status Cut(const std::map<WholeCut, std::vector<size_t>>& cuts) {
    std::vector<WholeCut> made;
    for (const auto& [cut, files] : cuts) {
      for (size_t file : files) load_.files[file].source = RecordSource::kWhole;
      RETURN_IF_ERROR(Execute(RenderSparkRecords(load_, cut, files, names_)));
      made.push_back(cut);
      RETURN_IF_ERROR(cut == WholeCut::kJsonArray ? JudgeArrays() : ReadCut(cut));
    }
    if (made.empty()) return Status::Ok();
    return client_.Execute(RenderSparkRecordsView(load_, made, names_).sql);
  }

  /// What cutting changed about the inspections_.
  Status ReadCut(WholeCut cut) {
    ASSIGN_OR_RETURN(const RowSet set, client_.Query(RenderSparkCutLines(load_, cut, names_)));
    for (const auto& row : set.rows) {
      const auto file = static_cast<size_t>(CountOf(row[0]));
      Inspection& inspection = inspections_[file];
      inspection.lines = CountOf(row[1]);
      inspection.empty_lines = CountOf(row[2]);
      inspection.head = Unhex(row[3].value_or(""));
      inspection.first_complete = row[4] != "false";
      inspection.last_complete = row[5] != "false";
      inspection.ends_empty = row[6] == "true";
      if (const int64_t line = CountOf(row[7]); line > 0) {
        Fault(file, fmt::format("quote is not closed: it opens on line {}", line), line);
      }
    }
    return Status::Ok();
  }

  Status OpenCsv() {
    const Dataset& dataset = dataset_;
    std::map<WholeCut, std::vector<size_t>> cuts;
    for (size_t i = 0; i < opened_.size(); ++i) {
      const Inspection& inspection = inspections_[i];
      if (load_.files[i].faulty || !inspection.seen || HasForeignBytes(i)) {
        continue;
      }
      if (dataset.quoted_newlines && (inspection.open_quotes > 0 || inspection.returns > 0)) {
        cuts[WholeCut::kQuotedNewlines].push_back(i);
      } else if (inspection.returns > 0) {
        cuts[WholeCut::kReturns].push_back(i);
      }
    }
    RETURN_IF_ERROR(Cut(cuts));
    for (size_t i = 0; i < opened_.size(); ++i) {
      if (!load_.files[i].faulty) OpenHeader(i);
    }
    return Status::Ok();
  }

  void OpenHeader(size_t file) {
    const Inspection& inspection = inspections_[file];
    OpenedFile& opened = opened_[file];
    opened.empty_lines = inspection.empty_lines;
    opened.text_bytes = static_cast<uint64_t>(inspection.bytes);
    if (inspection.lines == inspection.empty_lines) {
      return Fault(file, "is empty: no header");
    }
    CsvHeader header = ReadCsvHeader(inspection.head, dataset_);
    opened.unknown_columns = header.columns.unknown_columns;
    if (!header.fault.empty()) return Fault(file, header.fault);
    opened.has_records = inspection.lines - inspection.empty_lines > 1;
    load_.files[file].field_of_column = header.columns.field_of_column;
    load_.files[file].num_fields = header.columns.num_fields;
  }

  Status OpenJson() {
    std::map<WholeCut, std::vector<size_t>> cuts;
    for (size_t i = 0; i < opened_.size(); ++i) {
      const Inspection& inspection = inspections_[i];
      if (load_.files[i].faulty) continue;
      if (!inspection.seen) {
        Fault(i, "is empty: expected a JSON array or one object per line");
        continue;
      }
      if (HasForeignBytes(i)) continue;
      const size_t first = inspection.head.find_first_not_of(" \t\r\n");
      if (first == std::string::npos) continue;
      if (inspection.head[first] == '[') {
        cuts[WholeCut::kJsonArray].push_back(i);
      } else if (inspection.head[first] != '{') {
        const bool text = !HasControl(inspection.head.substr(0, 512));
        Fault(i, text ? "is no JSON: expected an array or one object per line" : "is not text");
      } else if (inspection.returns > 0) {
        cuts[WholeCut::kReturns].push_back(i);
      }
    }
    RETURN_IF_ERROR(Cut(cuts));
    for (size_t i = 0; i < opened_.size(); ++i) {
      const bool is_array =
          std::count(cuts[WholeCut::kJsonArray].begin(), cuts[WholeCut::kJsonArray].end(), i) > 0;
      if (load_.files[i].faulty || is_array) continue;
      RETURN_IF_ERROR(OpenJsonLines(i));
    }
    return Status::Ok();
  }

  Status OpenJsonLines(size_t file) {
    const Inspection& inspection = inspections_[file];
    OpenedFile& opened = opened_[file];
    opened.empty_lines = inspection.empty_lines;
    opened.text_bytes = static_cast<uint64_t>(inspection.bytes);
    const int64_t records = inspection.lines - inspection.empty_lines;
    opened.has_records = records > 0;
    if (records == 0) return Status::Ok();
    if (!inspection.first_complete) {
      // Whether it is one object over several lines, or only a broken line, the next one tells.
      ASSIGN_OR_RETURN(const RowSet head, client_.Query(RenderSparkHead(load_, file, names_)));
      std::string text;
      for (const auto& row : head.rows) text += Unhex(row[0].value_or("")) + "\n";
      const size_t end = text.find_first_of("\r\n", text.find_first_not_of(" \t\r\n"));
      const size_t second = text.find_first_not_of(" \t\r\n", end);
      const bool is_lines = second != std::string::npos && text[second] == '{';
      if (!is_lines) {
        Fault(file, records == 1 ? "JSON is cut off in line 1"
                                 : "is one JSON object, expected an array or one object per line");
        return Status::Ok();
      }
    }
    // A last line without a line end may be half a line; what is missing of the file tells.
    const DeliveredFile& delivered = files_[file];
    const bool whole =
        inspection.last_complete || inspection.ends_empty || inspection.ends_in_return;
    if (whole) return Status::Ok();
    const auto size = static_cast<int64_t>(delivered.fingerprint.bytes);
    bool ended = inspection.bytes == size || inspection.bytes == size - 3;
    if (CompressionOf(delivered.base_name) != Compression::kNone) {
      ASSIGN_OR_RETURN(ended, EndsLine(file));
    }
    if (!ended) {
      Fault(file, fmt::format("JSON is cut off in line {}", inspection.lines), inspection.lines);
    }
    return Status::Ok();
  }

  /// Whether the text ends with a line end. Cut at brackets, its last piece tells.
  Result<bool> EndsLine(size_t file) {
    SparkFileView view;
    view.name = "_end";
    view.format = "text";
    view.options = {{"lineSep", "}"}};
    view.paths = {GlobEscaped(ClusterPath(files_[file]))};
    view.select = {"monotonically_increasing_id() AS mid", "value"};
    RETURN_IF_ERROR(client_.CreateView(view));
    ASSIGN_OR_RETURN(
        const RowSet end,
        client_.Query(
            "SELECT coalesce(max_by(value, mid) RLIKE '[\\n\\r]\\\\z', FALSE) FROM _end"));
    return end.rows[0][0] == "true";
  }

  Status JudgeArrays() {
    ASSIGN_OR_RETURN(const RowSet set, client_.Query(RenderSparkCutArrays(load_, names_)));
    for (const auto& row : set.rows) {
      const auto file = static_cast<size_t>(CountOf(row[0]));
      const int64_t elements = CountOf(row[1]);
      const std::string& behind = row[4].value_or("");
      OpenedFile& opened = opened_[file];
      opened.text_bytes = static_cast<uint64_t>(inspections_[file].bytes);
      opened.has_records = elements > 0;
      const auto broken_after = [&](int64_t element) {
        Fault(file, fmt::format("JSON is cut off or broken after element {}", element),
              CountOf(row[5]));
      };
      if (elements == 0) {
        if (behind == "end and text") Fault(file, "has text behind its JSON array");
        if (behind != "end") {
          Fault(file, "JSON is cut off or broken before its first element");
        }
      } else if (!row[2]) {
        broken_after(elements - 1);
      } else if (row[3] != "]") {
        broken_after(CountOf(row[2]));
      } else if (CountOf(row[2]) != elements - 1 || behind != "blank") {
        Fault(file, "has text behind its JSON array", CountOf(row[5]));
      }
    }
    return Status::Ok();
  }

  const Dataset& dataset_;
  const std::vector<DeliveredFile>& files_;
  const std::string& spool_directory_;
  SparkClient& client_;
  SparkLoad& load_;
  const Names names_;
  std::vector<OpenedFile> opened_;
  std::vector<Inspection> inspections_;
};

}  // namespace

Result<std::vector<OpenedFile>> OpenSparkFiles(const DatasetPlan& plan,
                                               const std::string& spool_directory,
                                               SparkClient* client, SparkLoad* load) {
  return Opening(plan, spool_directory, client, load).Open();
}

bool IsUnseenFile(const std::string& error_class) {
  return error_class == "PATH_NOT_FOUND" || error_class == "FAILED_READ_FILE.FILE_NOT_EXIST";
}

std::string ClusterPathHint(const std::string& path) {
  const size_t colon = path.find(':');
  const bool foreign = colon != std::string::npos && path.find('/') == colon + 1 &&
                       path.compare(0, colon, "file") != 0;
  if (!foreign) return "";
  return fmt::format("; check that the cluster knows paths of '{}:'", path.substr(0, colon));
}

std::string GlobEscaped(const std::string& path) {
  std::string escaped;
  for (char c : path) {
    if (std::string_view("{}[]*?\\").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string ClusterPath(const DeliveredFile& file) {
  if (IsListedContent(file.content_id())) return file.fingerprint.path;
  return "file:" + fs::absolute(file.fingerprint.path).lexically_normal().string();
}

bool IsListedContent(const std::string& content_id) { return content_id.rfind(kListing, 0) == 0; }

Result<std::vector<ListedFile>> ListFiles(SparkClient* client,
                                          const std::vector<std::string>& paths) {
  SparkFileView view;
  view.name = "_listing";
  view.format = "binaryFile";
  view.options = {{"recursiveFileLookup", "true"}};
  for (const std::string& path : paths) view.paths.push_back(GlobEscaped(path));
  view.select = {"path", "length", "unix_micros(modificationTime) AS modified"};
  RETURN_IF_ERROR(client->CreateView(view));
  ASSIGN_OR_RETURN(const RowSet set,
                   client->Query("SELECT path, length, modified FROM _listing ORDER BY path"));
  std::vector<ListedFile> files;
  for (const auto& row : set.rows) {
    ListedFile file;
    file.path = row[0].value_or("");
    file.bytes = static_cast<uint64_t>(CountOf(row[1]));
    const std::string identity =
        fmt::format("{}\n{}\n{}\n", file.path, file.bytes, row[2].value_or(""));
    file.content_id = kListing + Sha256Hex(identity).substr(0, kListingDigits);
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace lyceum
