// Runs the steps of a load on a Spark cluster. What it decides by itself is how a file is read: one
// look at the lines of all files tells which of them can be split, and what their headers say.

#include "engines/spark_engine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "base/sha256.h"
#include "engines/csv_header.h"
#include "engines/decompress.h"
#include "engines/json_records.h"
#include "engines/long_record.h"
#include "engines/object_store.h"
#include "engines/record_file.h"
#include "sql/row_rules.h"
#include "sql/spark_load.h"
#include "sql/staged_columns.h"

namespace lyceum {
namespace {

namespace fs = std::filesystem;

constexpr char kListing[] = "listing:";
constexpr size_t kRawTextBytes = 32 * 1024;

/// What one look at a file's lines told.
struct Inspection {
  bool seen = false;  ///< false: the file has no byte
  int64_t lines = 0, empty_lines = 0, bytes = 0, open_quotes = 0, returns = 0;
  std::string head;  ///< bytes of its first line that is not empty
  bool first_complete = true, last_complete = true, ends_empty = false;
};

int64_t Number(const std::optional<std::string>& text) { return text ? std::stoll(*text) : 0; }

std::string Unhex(const std::optional<std::string>& hex) {
  std::string bytes;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  for (size_t i = 0; hex && i + 1 < hex->size(); i += 2) {
    bytes.push_back(static_cast<char>(digit((*hex)[i]) << 4 | digit((*hex)[i + 1])));
  }
  return bytes;
}

/// The path of a URL, percent signs undone: `file:///a%20b` and `file:/a b` are one.
std::string PathOf(std::string_view url, bool encoded) {
  std::string path;
  for (size_t i = 0; i < url.size(); ++i) {
    const bool escape = encoded && url[i] == '%' && i + 2 < url.size();
    if (escape) {
      path += Unhex(std::string(url.substr(i + 1, 2)));
      i += 2;
    } else {
      path += url[i];
    }
  }
  if (path.rfind("file:", 0) == 0) path.erase(0, 5);
  if (path.rfind("//", 0) == 0) path.erase(0, path.find_first_not_of('/') - 1);
  return path;
}

class SparkEngine : public Engine {
 public:
  SparkEngine(std::unique_ptr<SparkClient> client, DuckDb* database,
              const SparkEngineOptions& options)
      : client_(std::move(client)), database_(database), options_(options) {
    std::random_device random;
    folder_ = fmt::format("spark-{:08x}{:08x}", random(), random());
  }

  ~SparkEngine() override {
    while (!deliveries_.empty()) (void)Discard(std::string(deliveries_.begin()->first));
    if (IsObjectUrl(options_.run_directory)) return;
    std::error_code error;
    fs::remove_all(options_.run_directory + "/" + folder_, error);
  }

  Result<std::vector<OpenedFile>> Open(const DatasetPlan& plan) override {
    Delivery delivery;
    delivery.plan = &plan;
    delivery.subfolder = fmt::format("{}/{}-{}", folder_, ++opened_, plan.dataset->name);
    delivery.load.dataset = plan.dataset;
    delivery.load.timezone = options_.engine.timezone;
    delivery.load.folder = options_.cluster_run_directory + "/" + delivery.subfolder;
    delivery.load.files.resize(plan.files.size());
    delivery.opened.resize(plan.files.size());
    delivery.names = std::make_unique<Names>(SparkDialect(), "", "");
    RETURN_IF_ERROR(Explain(Inspect(&delivery), plan));
    RETURN_IF_ERROR(Explain(
        plan.dataset->format == FileFormat::kCsv ? OpenCsv(&delivery) : OpenJson(&delivery), plan));
    for (size_t i = 0; i < plan.files.size(); ++i) {
      if (!delivery.opened[i].fault.empty()) RETURN_IF_ERROR(DescribeFault(&delivery, i));
    }
    std::vector<OpenedFile> opened = delivery.opened;
    deliveries_[plan.dataset->name] = std::move(delivery);
    return opened;
  }

  Result<LoadOutcome> Load(const DatasetLoad& load, const Names& names) override {
    Delivery& delivery = deliveries_.at(load.plan->dataset->name);
    const Names spark(SparkDialect(), names.schema(), names.run_id());
    LoadOutcome outcome;
    RETURN_IF_ERROR(Explain(Transform(load, spark, &delivery, &outcome), *load.plan));
    RETURN_IF_ERROR(CheckUnchanged(*load.plan));
    return outcome;
  }

  Status Discard(const std::string& dataset) override {
    const auto found = deliveries_.find(dataset);
    if (found == deliveries_.end()) return Status::Ok();
    // What cannot be cleared now is cleared with the session, or with the run directory.
    if (IsObjectUrl(options_.run_directory)) {
      // Spark deletes nothing, but it replaces: the two large tables give way to empty ones.
      for (const char* what : {"parsed", "ranked"}) {
        for (const Statement& statement :
             SparkTable(found->second.load, what, "", "SELECT 1 AS nothing WHERE FALSE",
                        *found->second.names)) {
          (void)client_->Execute(statement.sql);
        }
      }
    } else {
      std::error_code error;
      fs::remove_all(options_.run_directory + "/" + found->second.subfolder, error);
    }
    deliveries_.erase(found);
    return Status::Ok();
  }

  void Interrupt() override {
    client_->Interrupt();
    database_->Interrupt();
  }

  double Progress() override { return client_->Progress(); }

 private:
  struct Delivery {
    const DatasetPlan* plan = nullptr;
    std::string subfolder;
    SparkLoad load;
    std::unique_ptr<Names> names;
    std::vector<OpenedFile> opened;
    std::vector<Inspection> inspections;
  };

  Status Execute(const std::vector<Statement>& statements) {
    for (const Statement& statement : statements) {
      RETURN_IF_ERROR(client_->Execute(statement.sql));
    }
    return Status::Ok();
  }
  Status Execute(const Result<std::vector<Statement>>& statements) {
    return statements.ok() ? Execute(*statements) : statements.status();
  }

  Status Explain(const Status& status, const DatasetPlan& plan) const {
    if (status.ok() || status.code() == ErrorCode::kInterrupted) return status;
    return {status.code(), fmt::format("loading '{}' on '{}': {}", plan.dataset->name,
                                       options_.name, status.message())};
  }

  // ---- what the files are

  static std::string ClusterPath(const DeliveredFile& file) {
    if (IsListedContent(file.content_id())) return file.fingerprint.path;
    return "file:" + fs::absolute(file.fingerprint.path).lexically_normal().string();
  }

  Status MakeViews(const Delivery& delivery, const std::vector<size_t>& files) {
    SparkFileView view;
    view.name = fmt::format("_lines_{}", delivery.plan->dataset->name);
    view.format = "text";
    view.options = {{"lineSep", "\n"}, {"__globPaths__", "false"}};
    for (size_t i : files) view.paths.push_back(ClusterPath(delivery.plan->files[i]));
    view.select = {"_metadata.file_path AS path", "_metadata.file_block_start AS block",
                   "monotonically_increasing_id() AS mid", "value"};
    RETURN_IF_ERROR(client_->CreateView(view));
    view.name = fmt::format("_whole_{}", delivery.plan->dataset->name);
    view.options[0] = {"wholetext", "true"};
    view.select = {"_metadata.file_path AS path", "value"};
    return client_->CreateView(view);
  }

  Status Inspect(Delivery* delivery) {
    std::vector<size_t> files;
    for (size_t i = 0; i < delivery->plan->files.size(); ++i) files.push_back(i);
    delivery->inspections.resize(files.size());
    if (files.empty()) return Status::Ok();
    RETURN_IF_ERROR(MakeViews(*delivery, files));
    const Status status = ReadInspection(delivery);
    const bool unreadable = client_->last_error_class().rfind("FAILED_READ_FILE", 0) == 0;
    if (status.ok() || !unreadable) return status;
    return FindDamaged(delivery, status);
  }

  Status ReadInspection(Delivery* delivery) {
    ASSIGN_OR_RETURN(const RowSet set,
                     client_->Query(RenderSparkInspection(delivery->load, *delivery->names)));
    for (const auto& row : set.rows) {
      const size_t file = FileOf(*delivery, row[0].value_or(""));
      if (file == SIZE_MAX) {
        return Internal(fmt::format("Spark read '{}', which was not delivered", *row[0]));
      }
      delivery->load.files[file].path = *row[0];
      Inspection& inspection = delivery->inspections[file];
      inspection.seen = true;
      inspection.lines = Number(row[1]);
      inspection.empty_lines = Number(row[2]);
      inspection.bytes = Number(row[3]);
      inspection.head = Unhex(row[4]);
      inspection.first_complete = row[5] != "false";
      inspection.last_complete = row[6] != "false";
      inspection.ends_empty = row[7] == "true";
      inspection.open_quotes = Number(row[8]);
      inspection.returns = Number(row[9]);
    }
    return Status::Ok();
  }

  static size_t FileOf(const Delivery& delivery, const std::string& path) {
    const std::string wanted = PathOf(path, /*encoded=*/true);
    for (size_t i = 0; i < delivery.plan->files.size(); ++i) {
      if (PathOf(ClusterPath(delivery.plan->files[i]), /*encoded=*/false) == wanted) return i;
    }
    return SIZE_MAX;
  }

  /// Compressed data that is damaged ends the whole query; alone it is one bad file.
  Status FindDamaged(Delivery* delivery, const Status& failure) {
    std::vector<size_t> sound;
    for (size_t i = 0; i < delivery->plan->files.size(); ++i) {
      const Compression compression = CompressionOf(delivery->plan->files[i].base_name);
      if (compression != Compression::kNone) {
        RETURN_IF_ERROR(MakeViews(*delivery, {i}));
        const auto lines = client_->Query(
            fmt::format("SELECT max(length(value)) FROM {}",
                        delivery->names->Temp("lines", delivery->plan->dataset->name)));
        if (!lines.ok()) {
          if (client_->last_error_class().rfind("FAILED_READ_FILE", 0) != 0) return lines.status();
          Fault(
              delivery, i,
              compression == Compression::kGzip ? "gzip data is damaged" : "zstd data is damaged");
          continue;
        }
      }
      sound.push_back(i);
    }
    if (sound.size() == delivery->plan->files.size()) return failure;
    if (sound.empty()) return Status::Ok();
    RETURN_IF_ERROR(MakeViews(*delivery, sound));
    return ReadInspection(delivery);
  }

  static void Fault(Delivery* delivery, size_t file, std::string reason, int64_t line = 1) {
    OpenedFile& opened = delivery->opened[file];
    if (!opened.fault.empty()) return;
    opened.fault = std::move(reason);
    opened.fault_line = line;
    delivery->load.files[file].faulty = true;
  }

  /// Says what is wrong with a file in the words of the embedded engine, where this machine sees
  /// it; else keeps the first lines of it.
  Status DescribeFault(Delivery* delivery, size_t file) {
    OpenedFile& opened = delivery->opened[file];
    const DeliveredFile& delivered = delivery->plan->files[file];
    opened.has_records = false;
    if (!IsListedContent(delivered.content_id())) {
      ASSIGN_OR_RETURN(const auto record_file,
                       RecordFile::Open(delivered.fingerprint, *delivery->plan->dataset,
                                        options_.engine.spool_directory));
      if (record_file->fault()) {
        opened = DescribeFile(*record_file);
        return Status::Ok();
      }
    }
    if (delivery->load.files[file].path.empty()) return Status::Ok();
    ASSIGN_OR_RETURN(const RowSet lines,
                     client_->Query(RenderSparkHead(delivery->load, file, *delivery->names)));
    std::string head;
    for (const auto& row : lines.rows) {
      head += Unhex(row[0]) + "\n";
      if (head.size() > kRawTextBytes) break;
    }
    bool whole = true;
    opened.raw_text = EscapeBytesUpTo(head, kRawTextBytes, &whole);
    return Status::Ok();
  }

  /// True if the text is none at all, whatever the format.
  static bool HasForeignBytes(Delivery* delivery, size_t file) {
    const std::string& head = delivery->inspections[file].head;
    const auto starts = [&](std::string_view magic) { return head.rfind(magic, 0) == 0; };
    if (starts("\xFF\xFE") || starts("\xFE\xFF")) {
      Fault(delivery, file, "is UTF-16; save it as UTF-8");
    } else if (starts("\x1F\x8B")) {
      Fault(delivery, file, "is gzip data; name it .gz");
    } else if (starts("\x28\xB5\x2F\xFD")) {
      Fault(delivery, file, "is zstd data; name it .zst");
    }
    return delivery->load.files[file].faulty;
  }

  /// Cuts files whole into records and makes the view of them.
  Status Cut(Delivery* delivery, const std::map<WholeCut, std::vector<size_t>>& cuts) {
    std::vector<WholeCut> made;
    for (const auto& [cut, files] : cuts) {
      for (size_t file : files) delivery->load.files[file].source = RecordSource::kWhole;
      RETURN_IF_ERROR(Execute(RenderSparkRecords(delivery->load, cut, files, *delivery->names)));
      made.push_back(cut);
      RETURN_IF_ERROR(cut == WholeCut::kJsonArray ? JudgeArrays(delivery) : ReadCut(delivery, cut));
    }
    if (made.empty()) return Status::Ok();
    return client_->Execute(RenderSparkRecordsView(delivery->load, made, *delivery->names).sql);
  }

  /// What cutting changed about the inspections.
  Status ReadCut(Delivery* delivery, WholeCut cut) {
    ASSIGN_OR_RETURN(const RowSet set,
                     client_->Query(RenderSparkCutLines(delivery->load, cut, *delivery->names)));
    for (const auto& row : set.rows) {
      const auto file = static_cast<size_t>(Number(row[0]));
      Inspection& inspection = delivery->inspections[file];
      inspection.lines = Number(row[1]);
      inspection.empty_lines = Number(row[2]);
      inspection.head = Unhex(row[3]);
      if (const int64_t line = Number(row[4]); line > 0) {
        Fault(delivery, file, fmt::format("quote is not closed: it opens on line {}", line), line);
      }
    }
    return Status::Ok();
  }

  Status OpenCsv(Delivery* delivery) {
    const Dataset& dataset = *delivery->plan->dataset;
    std::map<WholeCut, std::vector<size_t>> cuts;
    for (size_t i = 0; i < delivery->opened.size(); ++i) {
      const Inspection& inspection = delivery->inspections[i];
      if (delivery->load.files[i].faulty || !inspection.seen || HasForeignBytes(delivery, i)) {
        continue;
      }
      if (dataset.quoted_newlines && (inspection.open_quotes > 0 || inspection.returns > 0)) {
        cuts[WholeCut::kQuotedNewlines].push_back(i);
      } else if (inspection.returns > 0) {
        cuts[WholeCut::kReturns].push_back(i);
      }
    }
    RETURN_IF_ERROR(Cut(delivery, cuts));
    for (size_t i = 0; i < delivery->opened.size(); ++i) {
      if (!delivery->load.files[i].faulty) OpenHeader(delivery, i);
    }
    return Status::Ok();
  }

  static void OpenHeader(Delivery* delivery, size_t file) {
    const Inspection& inspection = delivery->inspections[file];
    OpenedFile& opened = delivery->opened[file];
    opened.empty_lines = inspection.empty_lines;
    opened.text_bytes = static_cast<uint64_t>(inspection.bytes);
    if (inspection.lines == inspection.empty_lines) {
      return Fault(delivery, file, "is empty: no header");
    }
    CsvHeader header = ReadCsvHeader(inspection.head, *delivery->plan->dataset);
    opened.unknown_columns = header.columns.unknown_columns;
    if (!header.fault.empty()) return Fault(delivery, file, header.fault);
    opened.has_records = inspection.lines - inspection.empty_lines > 1;
    delivery->load.files[file].field_of_column = header.columns.field_of_column;
    delivery->load.files[file].num_fields = header.columns.num_fields;
  }

  Status OpenJson(Delivery* delivery) {
    std::map<WholeCut, std::vector<size_t>> cuts;
    for (size_t i = 0; i < delivery->opened.size(); ++i) {
      const Inspection& inspection = delivery->inspections[i];
      if (delivery->load.files[i].faulty) continue;
      if (!inspection.seen) {
        Fault(delivery, i, "is empty: expected a JSON array or one object per line");
        continue;
      }
      if (HasForeignBytes(delivery, i)) continue;
      const size_t first = inspection.head.find_first_not_of(" \t\r\n");
      if (first == std::string::npos) continue;
      if (inspection.head[first] == '[') {
        cuts[WholeCut::kJsonArray].push_back(i);
      } else if (inspection.head[first] != '{') {
        const bool text = !HasControl(inspection.head.substr(0, 512));
        Fault(delivery, i,
              text ? "is no JSON: expected an array or one object per line" : "is not text");
      } else if (inspection.returns > 0) {
        cuts[WholeCut::kReturns].push_back(i);
      }
    }
    RETURN_IF_ERROR(Cut(delivery, cuts));
    for (size_t i = 0; i < delivery->opened.size(); ++i) {
      const bool is_array =
          std::count(cuts[WholeCut::kJsonArray].begin(), cuts[WholeCut::kJsonArray].end(), i) > 0;
      if (delivery->load.files[i].faulty || is_array) continue;
      RETURN_IF_ERROR(OpenJsonLines(delivery, i));
    }
    return Status::Ok();
  }

  Status OpenJsonLines(Delivery* delivery, size_t file) {
    const Inspection& inspection = delivery->inspections[file];
    OpenedFile& opened = delivery->opened[file];
    opened.empty_lines = inspection.empty_lines;
    opened.text_bytes = static_cast<uint64_t>(inspection.bytes);
    const int64_t records = inspection.lines - inspection.empty_lines;
    opened.has_records = records > 0;
    if (records == 0) return Status::Ok();
    if (!inspection.first_complete) {
      // Whether it is one object over several lines, or only a broken line, the next one tells.
      ASSIGN_OR_RETURN(const RowSet head,
                       client_->Query(RenderSparkHead(delivery->load, file, *delivery->names)));
      std::string text;
      for (const auto& row : head.rows) text += Unhex(row[0]) + "\n";
      const size_t end = text.find('\n', text.find_first_not_of(" \t\r\n"));
      const size_t second = text.find_first_not_of(" \t\r\n", end);
      const bool is_lines = second != std::string::npos && text[second] == '{';
      if (!is_lines) {
        Fault(delivery, file,
              records == 1 ? "JSON is cut off in line 1"
                           : "is one JSON object, expected an array or one object per line");
        return Status::Ok();
      }
    }
    // A last line without a line end may be half a line; what is missing of the file tells.
    const DeliveredFile& delivered = delivery->plan->files[file];
    const bool plain = CompressionOf(delivered.base_name) == Compression::kNone;
    const auto size = static_cast<int64_t>(delivered.fingerprint.bytes);
    const bool ended = inspection.bytes == size || inspection.bytes == size - 3;
    if (plain && !ended && !inspection.ends_empty && !inspection.last_complete) {
      Fault(delivery, file, fmt::format("JSON is cut off in line {}", inspection.lines),
            inspection.lines);
    }
    return Status::Ok();
  }

  Status JudgeArrays(Delivery* delivery) {
    ASSIGN_OR_RETURN(const RowSet set,
                     client_->Query(RenderSparkCutArrays(delivery->load, *delivery->names)));
    for (const auto& row : set.rows) {
      const auto file = static_cast<size_t>(Number(row[0]));
      const int64_t elements = Number(row[1]);
      const std::string& behind = row[4].value_or("");
      OpenedFile& opened = delivery->opened[file];
      opened.text_bytes = static_cast<uint64_t>(delivery->inspections[file].bytes);
      opened.has_records = elements > 0;
      const auto broken_after = [&](int64_t element) {
        Fault(delivery, file, fmt::format("JSON is cut off or broken after element {}", element),
              Number(row[5]));
      };
      if (elements == 0) {
        if (behind == "end and text") Fault(delivery, file, "has text behind its JSON array");
        if (behind != "end") {
          Fault(delivery, file, "JSON is cut off or broken before its first element");
        }
      } else if (!row[2]) {
        broken_after(elements - 1);
      } else if (row[3] != "]") {
        broken_after(Number(row[2]));
      } else if (Number(row[2]) != elements - 1 || behind != "blank") {
        Fault(delivery, file, "has text behind its JSON array", Number(row[5]));
      }
    }
    return Status::Ok();
  }

  // ---- the load

  Status Transform(const DatasetLoad& load, const Names& names, Delivery* delivery,
                   LoadOutcome* outcome) {
    const Dataset& dataset = *load.plan->dataset;
    const SparkLoad& spark = delivery->load;
    RETURN_IF_ERROR(Execute(RenderSparkRead(spark, load.read, names)));
    RETURN_IF_ERROR(Execute(RenderSparkDeduplicate(spark, load.deduplicate, names)));
    ASSIGN_OR_RETURN(const RowSet failures, client_->Query(RenderRuleCounts(load.read, names)));
    for (const auto& count : failures.rows[0]) outcome->rule_failures.push_back(Number(count));
    outcome->rows_judged = outcome->rule_failures.back();
    outcome->rule_failures.pop_back();
    RETURN_IF_ERROR(Execute(
        RenderSparkQuarantine(spark, load.quarantine, load.batch_date, load.plan->files, names)));
    RETURN_IF_ERROR(Count(dataset, load.read.rules, names, outcome));
    if (load.stage) {
      RETURN_IF_ERROR(Execute(RenderSparkStage(spark, *load.stage, load.read.rules, names)));
      outcome->staged = Results(*delivery, "staged", StagedColumns(load.stage->table));
    }
    outcome->quarantined = Results(*delivery, "quarantined", QuarantineColumns());
    outcome->quarantined.parquet.clear();  // it holds more columns than the warehouse wants
    return StoreLongRecords(*delivery);
  }

  Status Count(const Dataset& dataset, const std::vector<Rule>& rules, const Names& names,
               LoadOutcome* outcome) {
    outcome->files.resize(deliveries_.at(dataset.name).plan->files.size());
    ASSIGN_OR_RETURN(const RowSet files,
                     client_->Query(RenderSparkFileCounts(dataset, rules, names)));
    for (const auto& row : files.rows) {
      RowCounts& counts = outcome->files[static_cast<size_t>(Number(row[1]))];
      int64_t& count = row[0] == "read"        ? counts.read
                       : row[0] == "loaded"    ? counts.loaded
                       : row[0] == "duplicate" ? counts.duplicates
                                               : counts.quarantined;
      count = Number(row[2]);
    }
    ASSIGN_OR_RETURN(const RowSet reasons, client_->Query(RenderSparkReasonCounts(dataset, names)));
    for (const auto& row : reasons.rows) outcome->reasons[row[0].value_or("")] = Number(row[1]);
    ASSIGN_OR_RETURN(const RowSet conflicts,
                     client_->Query(fmt::format("SELECT count(*) FROM {} WHERE kind = 'conflict'",
                                                names.Temp("quarantined", dataset.name))));
    outcome->conflicts = Number(conflicts.rows[0][0]);
    if (dataset.format == FileFormat::kCsv) return Status::Ok();
    ASSIGN_OR_RETURN(const RowSet unknown, client_->Query(RenderSparkUnknownKeys(dataset, names)));
    for (const auto& row : unknown.rows) {
      outcome->unknown_keys[row[0].value_or("")] = Number(row[1]);
    }
    return Status::Ok();
  }

  std::string ParquetFiles(const Delivery& delivery, const std::string& what) const {
    return QuoteText(DuckDbDialect(), fmt::format("{}/{}/{}/*.parquet", options_.run_directory,
                                                  delivery.subfolder, what));
  }

  StagedRows Results(const Delivery& delivery, const std::string& what,
                     std::vector<TableColumn> columns) const {
    const Names names(DuckDbDialect(), "", "");
    std::vector<std::string> list;
    for (const TableColumn& column : columns) list.push_back(column.name);
    StagedRows rows;
    rows.query = fmt::format("SELECT {} FROM read_parquet({})", names.List(list),
                             ParquetFiles(delivery, what));
    rows.columns = std::move(columns);
    if (IsObjectUrl(options_.run_directory)) {
      rows.parquet = fmt::format("{}/{}/{}", options_.run_directory, delivery.subfolder, what);
    }
    return rows;
  }

  Status StoreLongRecords(const Delivery& delivery) {
    return database_->Scan(
        fmt::format("SELECT DISTINCT stored_as, hex(long_record) FROM read_parquet({}) WHERE "
                    "long_record IS NOT NULL",
                    ParquetFiles(delivery, "quarantined")),
        [&](const std::vector<Cell>& row) {
          return StoreLongRecord(options_.engine.long_record_directory,
                                 std::string(std::get<std::string_view>(row[0])),
                                 Unhex(std::string(std::get<std::string_view>(row[1]))));
        });
  }

  Status CheckUnchanged(const DatasetPlan& plan) {
    std::map<std::string, std::string> listed;
    for (const DeliveredFile& file : plan.files) {
      if (!IsListedContent(file.content_id())) {
        RETURN_IF_ERROR(CheckFingerprint(file.fingerprint));
        continue;
      }
      ASSIGN_OR_RETURN(const std::vector<ListedFile> now,
                       ListFiles(client_.get(), file.fingerprint.path));
      if (now.size() != 1 || now[0].content_id != file.content_id()) {
        return Unavailable(
            fmt::format("'{}' changed while it was read; run again when nobody writes to it",
                        file.fingerprint.path));
      }
    }
    return Status::Ok();
  }

  std::unique_ptr<SparkClient> client_;
  DuckDb* database_;
  SparkEngineOptions options_;
  std::string folder_;  ///< below the run directory
  int opened_ = 0;
  std::map<std::string, Delivery> deliveries_;
};

}  // namespace

Result<std::unique_ptr<Engine>> MakeSparkEngine(std::unique_ptr<SparkClient> client,
                                                DuckDb* database,
                                                const SparkEngineOptions& options) {
  RETURN_IF_ERROR(client->Configure(SparkSettings()));
  if (!options.settings.empty()) RETURN_IF_ERROR(client->Configure(options.settings));
  return std::unique_ptr<Engine>(
      std::make_unique<SparkEngine>(std::move(client), database, options));
}

bool IsListedContent(const std::string& content_id) { return content_id.rfind(kListing, 0) == 0; }

Result<std::vector<ListedFile>> ListFiles(SparkClient* client, const std::string& path) {
  SparkFileView view;
  view.name = "_listing";
  view.format = "binaryFile";
  view.options = {{"recursiveFileLookup", "true"}, {"__globPaths__", "false"}};
  view.paths = {path};
  view.select = {"path", "length", "unix_micros(modificationTime) AS modified"};
  RETURN_IF_ERROR(client->CreateView(view));
  ASSIGN_OR_RETURN(const RowSet set,
                   client->Query("SELECT path, length, modified FROM _listing ORDER BY path"));
  std::vector<ListedFile> files;
  for (const auto& row : set.rows) {
    ListedFile file;
    file.path = row[0].value_or("");
    file.bytes = static_cast<uint64_t>(Number(row[1]));
    file.content_id = kListing + Sha256Hex(fmt::format("{}\n{}\n{}\n", file.path, file.bytes,
                                                       row[2].value_or("")));
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace lyceum
