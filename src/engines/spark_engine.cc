// Runs the steps of a load on a Spark cluster, statement by statement.

#include "engines/spark_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>

#include "engines/object_store.h"
#include "engines/record_file.h"
#include "engines/spark_files.h"
#include "engines/spark_results.h"
#include "engines/text_file.h"
#include "sql/spark_load.h"

namespace lyceum {
namespace {

namespace fs = std::filesystem;

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
  }

  /// Finds out that the cluster can write its results, and that they are where Lyceum looks.
  Status CheckRunDirectory() {
    SparkLoad load;
    load.folder = options_.cluster_run_directory + "/" + folder_;
    static const Dataset dataset;
    load.dataset = &dataset;
    const Names names(SparkDialect(), "", "");
    const std::vector<Statement> write = SparkTable(load, "try", "", "SELECT 1 AS one", names);
    if (Status status = client_->Execute(write[0].sql); !status.ok()) {
      if (status.code() == ErrorCode::kInterrupted) return status;
      std::string message = fmt::format("'{}' cannot write its results to '{}': {}", options_.name,
                                        options_.cluster_run_directory, status.message());
      // What Spark itself says begins with its class.
      if (status.message().starts_with("[")) {
        message += fmt::format(
            "; the cluster's user must be able to write there, or name another folder with "
            "--run-dir or 'run_directory'{}; the server's log has the full message",
            ClusterPathHint(options_.cluster_run_directory));
      }
      return Unavailable(message);
    }
    const auto seen = database_->Query(fmt::format(
        "SELECT one FROM read_parquet({})",
        QuoteText(DuckDbDialect(),
                  fmt::format("{}/{}/try/*.parquet", options_.run_directory, folder_))));
    if (seen.ok()) return Status::Ok();
    // It may lie where this machine can remove it.
    std::error_code error;
    const fs::path written = options_.cluster_run_directory;
    fs::remove_all(written / folder_, error);
    if (written.filename() == fs::path(options_.run_directory).filename()) {
      fs::remove(written, error);
    }
    return Unavailable(fmt::format(
        "what '{}' writes to '{}' is not in '{}'; both must be one folder: see 'run_directory' and "
        "'cluster_run_directory' of engines in the spec",
        options_.name, options_.cluster_run_directory, options_.run_directory));
  }

  Result<std::vector<OpenedFile>> Open(const DatasetPlan& plan) override {
    Delivery& delivery = deliveries_[plan.dataset->name];
    delivery.subfolder = fmt::format("{}/{}-{}", folder_, ++opened_, plan.dataset->name);
    delivery.load = SparkLoad();
    delivery.load.dataset = plan.dataset;
    delivery.load.timezone = options_.engine.timezone;
    delivery.load.folder = options_.cluster_run_directory + "/" + delivery.subfolder;
    auto opened =
        OpenSparkFiles(plan, options_.engine.spool_directory, client_.get(), &delivery.load);
    if (!opened.ok()) return Explain(opened.status(), plan);
    return opened;
  }

  Result<LoadOutcome> Load(const DatasetLoad& load, const Names& names) override {
    const Delivery& delivery = deliveries_.at(load.plan->dataset->name);
    const Names spark(SparkDialect(), names.schema(), names.run_id());
    RETURN_IF_ERROR(Explain(Execute(RenderSparkLoad(delivery.load, load, spark)), *load.plan));
    RETURN_IF_ERROR(CheckUnchanged(*load.plan));
    return ReadSparkResults(database_,
                            {options_.run_directory + "/" + delivery.subfolder,
                             options_.engine.long_record_directory, "run again"},
                            load, names);
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
                        Names(SparkDialect(), "", ""))) {
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
    std::string subfolder;  ///< of the run directory
    SparkLoad load;
  };

  Status Execute(const Result<std::vector<Statement>>& statements) {
    if (!statements.ok()) return statements.status();
    for (const Statement& statement : *statements) {
      RETURN_IF_ERROR(client_->Execute(statement.sql));
    }
    return Status::Ok();
  }

  Status Explain(const Status& status, const DatasetPlan& plan) const {
    if (status.ok() || status.code() == ErrorCode::kInterrupted) return status;
    std::error_code error;
    const bool unseen =
        IsUnseenFile(client_->last_error_class()) &&
        std::all_of(plan.files.begin(), plan.files.end(), [&](const DeliveredFile& file) {
          return !IsListedContent(file.content_id()) && fs::exists(file.fingerprint.path, error);
        });
    const char* hint = unseen ? "; this machine sees the file, but the cluster does not: its user "
                                "must be able to read it under the same path"
                              : "";
    return {status.code(), fmt::format("loading '{}' on '{}': {}{}", plan.dataset->name,
                                       options_.name, status.message(), hint)};
  }

  Status CheckUnchanged(const DatasetPlan& plan) {
    std::vector<std::string> on_cluster;
    for (const DeliveredFile& file : plan.files) {
      if (IsListedContent(file.content_id())) {
        on_cluster.push_back(file.fingerprint.path);
      } else {
        RETURN_IF_ERROR(CheckFingerprint(file.fingerprint));
      }
    }
    if (on_cluster.empty()) return Status::Ok();
    ASSIGN_OR_RETURN(const std::vector<ListedFile> now, ListFiles(client_.get(), on_cluster));
    std::map<std::string, std::string> content_ids;
    for (const ListedFile& file : now) content_ids[file.path] = file.content_id;
    for (const DeliveredFile& file : plan.files) {
      const std::string& path = file.fingerprint.path;
      const bool changed =
          IsListedContent(file.content_id()) && content_ids[path] != file.content_id();
      if (changed) return ChangedWhileRead(path);
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
  std::vector<std::pair<std::string, std::string>> own;
  for (const SparkSetting& setting : SparkSettings()) own.emplace_back(setting.key, setting.value);
  RETURN_IF_ERROR(client->Configure(own));
  for (const auto& setting : options.settings) {
    const Status status = client->Configure({setting});
    if (status.ok() || status.code() == ErrorCode::kInterrupted) continue;
    return BadSpec(fmt::format("'{}' refuses the setting '{}': {}", options.name, setting.first,
                               status.message()));
  }
  auto engine = std::make_unique<SparkEngine>(std::move(client), database, options);
  RETURN_IF_ERROR(engine->CheckRunDirectory());
  return std::unique_ptr<Engine>(std::move(engine));
}

}  // namespace lyceum
