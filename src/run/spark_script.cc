// Renders the load of a batch date as a script for spark-sql: the same statements that a run sends
// to a cluster, with what a run would ask the cluster found out here.

#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "engines/object_store.h"
#include "engines/record_file.h"
#include "engines/spark_files.h"
#include "run/session.h"
#include "run/spill_folder.h"
#include "sql/spark_load.h"

namespace lyceum {
namespace {

/// Where the script finds a file, as the cluster sees it.
std::string PathInScript(const DeliveredFile& file, const std::string& input) {
  if (!IsObjectUrl(input)) return ClusterPath(file);
  return ClusterDirectory(input) + "/" + file.relative;
}

class SparkScriptWriter {
 public:
  SparkScriptWriter(const PlannedDate& planned, const SessionOptions& options,
                    const std::string& folder, const std::string& spool)
      : plan_(planned.plan),
        options_(options),
        folder_(folder),
        spool_(spool),
        names_(SparkDialect(), planned.target.schema, plan_.run_id) {}

  Result<std::vector<StepStatement>> Write() {
    std::vector<Statement> settings;
    for (const SparkSetting& setting : SparkSettings()) {
      settings.push_back({setting.why, fmt::format("SET {}={}", setting.key, setting.value)});
    }
    // A value may be a secret, and a script lies around.
    for (const auto& [key, value] : options_.engine.settings) {
      settings.push_back({fmt::format("the spec sets {}: say it with --conf", key), ""});
    }
    Add("settings", std::move(settings));
    for (const DatasetPlan& dataset : plan_.datasets) {
      if (dataset.action == DatasetAction::kLoad) RETURN_IF_ERROR(AddDataset(dataset));
    }
    return std::move(script_);
  }

 private:
  void Add(const std::string& step, std::vector<Statement> statements) {
    for (Statement& statement : statements) script_.push_back({step, std::move(statement)});
  }

  Status AddDataset(const DatasetPlan& plan) {
    SparkLoad load;
    load.dataset = plan.dataset;
    load.timezone = plan_.spec->timezone;
    load.folder = folder_ + "/" + plan.dataset->name;
    std::vector<std::string> paths;
    std::map<WholeCut, std::vector<size_t>> cuts;
    const std::string step = "load " + plan.dataset->name;
    bool any_record = false;
    for (size_t i = 0; i < plan.files.size(); ++i) {
      ASSIGN_OR_RETURN(const auto file,
                       RecordFile::Open(plan.files[i].fingerprint, *plan.dataset, spool_));
      SparkFile read;
      read.path = fmt::format("file {}", i);
      read.faulty = file->fault().has_value();
      read.field_of_column = file->columns().field_of_column;
      read.num_fields = file->columns().num_fields;
      any_record = any_record || read.faulty || !file->chunks().empty();
      if (read.faulty) {
        Add(step,
            {{fmt::format("'{}' cannot be read: {}", plan.files[i].relative, file->fault()->reason),
              ""}});
      } else if (!file->one_line_per_record()) {
        read.source = RecordSource::kWhole;
        cuts[CutOf(*file, *plan.dataset)].push_back(i);
      }
      load.files.push_back(std::move(read));
      paths.push_back(GlobEscaped(PathInScript(plan.files[i], options_.input)));
    }
    if (!any_record) {
      Add(step,
          {{fmt::format("'{}' has no record, so nothing is loaded", plan.dataset->name), ""}});
      return Status::Ok();
    }
    Add(step, RenderSparkViews(load, paths, names_));
    std::vector<WholeCut> made;
    for (const auto& [cut, files] : cuts) {
      Add(step, RenderSparkRecords(load, cut, files, names_));
      made.push_back(cut);
    }
    if (!made.empty()) Add(step, {RenderSparkRecordsView(load, made, names_)});
    ASSIGN_OR_RETURN(std::vector<Statement> statements,
                     RenderSparkLoad(load, LoadOf(plan_, plan), names_));
    Add(step, std::move(statements));
    return Status::Ok();
  }

  static WholeCut CutOf(const RecordFile& file, const Dataset& dataset) {
    if (file.layout() == Layout::kJsonArray) return WholeCut::kJsonArray;
    const bool quoted = file.layout() == Layout::kCsv && dataset.quoted_newlines;
    return quoted ? WholeCut::kQuotedNewlines : WholeCut::kReturns;
  }

  const Plan& plan_;
  const SessionOptions& options_;
  const std::string folder_;
  const std::string spool_;
  const Names names_;
  std::vector<StepStatement> script_;
};

}  // namespace

std::string SparkResultsFolder(const PlannedDate& planned, const SessionOptions& options) {
  std::string directory = options.run_directory;
  if (directory.empty()) directory = options.engine.run_directory;
  if (directory.empty()) directory = planned.target.DefaultRunDirectory();
  return fmt::format("{}/{}-{}", directory, planned.plan.spec->pipeline,
                     FormatDate(planned.plan.batch_date));
}

Result<std::vector<StepStatement>> RenderSparkScript(const PlannedDate& planned,
                                                     const SessionOptions& options) {
  RETURN_IF_ERROR(CheckSpecRuns(*planned.plan.spec, options.engine));
  ASSIGN_OR_RETURN(const auto spill,
                   SpillFolder::Make(options.temp_directory.empty()
                                         ? std::filesystem::temp_directory_path().string()
                                         : options.temp_directory));
  std::string folder = SparkResultsFolder(planned, options);
  if (!options.engine.cluster_run_directory.empty() && options.run_directory.empty()) {
    folder = options.engine.cluster_run_directory + folder.substr(folder.rfind('/'));
  } else {
    folder = ClusterDirectory(folder);
  }
  return SparkScriptWriter(planned, options, folder, spill->path()).Write();
}

}  // namespace lyceum
