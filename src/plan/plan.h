#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/fingerprint.h"
#include "plan/star.h"
#include "spec/spec.h"

namespace lyceum {

/// A file found below --input.
struct DeliveredFile {
  std::string relative;   ///< path below --input, with `/`
  std::string base_name;  ///< the rank of a file's rows goes by it
  FileFingerprint fingerprint;

  const std::string& content_id() const { return fingerprint.content_id; }
};

/// The published content of one (dataset, batch date), as the ledger has it.
struct CurrentContent {
  std::string delivery_id;
  std::string content_hash;
  std::string spec_hash;
  /// Least and greatest date_key of its rows, waiting ones too; nullopt if it has none or feeds a
  /// dimension.
  std::optional<Days> first_date;
  std::optional<Days> last_date;
  int64_t rows_loaded = 0;
  int64_t rows_quarantined = 0;
};

/// What a warehouse has published: for every dataset and batch date its current content.
using LedgerState = std::map<std::pair<std::string, Days>, CurrentContent>;

enum class DatasetAction {
  kLoad,      ///< read, judge, stage and publish the delivered files
  kSnapshot,  ///< the same content is published for another date: only this date is added
  kSkip,      ///< content and spec are unchanged
  kMissing,   ///< no file was delivered; the current content stays
};

/// What will happen to one dataset on one batch date, and why.
struct DatasetPlan {
  const Dataset* dataset = nullptr;
  TableSchema table;  ///< the table that it feeds; name is empty if it feeds none
  DatasetAction action = DatasetAction::kMissing;
  std::string why;
  std::vector<DeliveredFile> files;      ///< in rank order, identical ones left out
  std::vector<DeliveredFile> identical;  ///< same base name and content as one of `files`
  std::string content_hash;              ///< over the set of (base name, content id)
  std::string spec_hash;
  std::string delivery_id;                ///< over dataset, content and spec hash
  std::optional<CurrentContent> current;  ///< of this date, before the run
  /// The replaced delivery is current for no other date: its versions, ledger lines and quarantine
  /// records end with it.
  bool current_ends = false;
};

// The steps of a run, in order. Each is data; sql/ renders it, run/ executes it, explain prints it.
// The names of private tables come from PrivateTable().

/// Reads the delivered files, types every value, computes derived columns and judges the row rules.
struct ReadStep {
  const Dataset* dataset = nullptr;
  TableSchema table;
  std::vector<Rule> rules;  ///< all rules, `unique` ones too
};

/// Keeps the first row of each identity by rank, and judges `unique` among the rows kept.
struct DeduplicateStep {
  const Dataset* dataset = nullptr;
  TableSchema table;
  std::vector<Rule> rules;
};

/// Writes accepted rows with their keys into the private staging table.
struct StageStep {
  const Dataset* dataset = nullptr;
  TableSchema table;
  std::vector<std::string> identity;  ///< columns of the event key or surrogate key, in key order
  std::vector<Reference> references;
  std::string date_column;  ///< facts only
  Days batch_date = 0;
};

/// Writes rejected rows and conflicting duplicates with raw text and all reasons into the private
/// quarantine table.
struct QuarantineStep {
  const Dataset* dataset = nullptr;
  TableSchema table;
  std::vector<Rule> rules;
  std::string delivery_id;
};

/// Compares failures with the thresholds; closed, nothing is published.
struct GateStep {};

/// Decides which rows of the fact and its waiting table leave, come, wait and are released.
struct ResolveFactStep {
  TableSchema table;
  std::vector<Reference> references;
  std::optional<CurrentContent> current;
  bool date_in_identity = false;  ///< look-ups may be bounded by date_key
};

/// Decides which members a dimension gains, changes and loses, placeholders included.
struct ResolveDimensionStep {
  TableSchema table;
  const Dimension* dimension = nullptr;
  std::vector<Reference> references;
  DatasetAction action = DatasetAction::kMissing;  ///< of its dataset in this run
  std::string delivery_id;
  std::string old_delivery_id;  ///< "" if this date had no content
};

/// Applies a ResolveDimensionStep: DELETE, then one MERGE.
struct ApplyDimensionStep {
  ResolveDimensionStep resolved;
  bool old_delivery_ends = false;
};

/// Applies a ResolveFactStep: all DELETEs, then all INSERTs, on fact and waiting table.
struct ApplyFactStep {
  ResolveFactStep resolved;
};

/// Aggregates a mart anew for the touched dates, or whole.
struct RefreshMartStep {
  TableSchema table;
  const Mart* mart = nullptr;
  bool whole = false;
  std::string mart_hash;
};

/// Makes a private staging table the dataset's staging_<table>.
struct SwapStagingStep {
  TableSchema table;
};

/// Writes ledger, quality results and quarantine.
struct RecordStep {};

using Step = std::variant<ReadStep, DeduplicateStep, StageStep, QuarantineStep, GateStep,
                          ResolveFactStep, ResolveDimensionStep, ApplyDimensionStep, ApplyFactStep,
                          RefreshMartStep, SwapStagingStep, RecordStep>;

/// Everything that one run will do for one batch date.
struct Plan {
  const Spec* spec = nullptr;
  std::string run_id;
  Days batch_date = 0;
  std::vector<std::string> table_changes;  ///< how the star schema changes: `create 'fact_quiz'`
  std::vector<DatasetPlan> datasets;       ///< in spec order
  std::vector<Step> steps;                 ///< empty if nothing is to be published

  bool publishes() const { return !steps.empty(); }
};

/// What the builder must know besides the spec.
struct PlanInput {
  std::string run_id;
  Days batch_date = 0;
  bool force = false;                                       ///< load even what is unchanged
  std::map<std::string, std::vector<DeliveredFile>> files;  ///< by dataset
  LedgerState ledger;
  std::map<std::string, std::string> mart_hashes;  ///< as published
  std::vector<std::string> table_changes;          ///< see Plan
  /// Datasets whose files hold no record: recorded, never published.
  std::vector<std::string> header_only;
};

/// Decides per dataset what happens and lists the steps. Pure: no I/O, same input, same plan.
/// `spec` must outlive the plan.
Plan BuildPlan(const Spec& spec, const PlanInput& input);

/// Checks the plan's invariants (every loaded dataset is staged and published, reads come before
/// writes, a referenced dimension is resolved after all that use it); kInternal names the breach.
Status CheckPlan(const Plan& plan);

/// Prints the plan for people, stable enough for golden files.
std::string ExplainPlan(const Plan& plan);

/// The id of a set of files, whatever their order: over base names and content ids.
std::string ContentHash(const std::vector<DeliveredFile>& files);

/// Name of the private table of a run, in the target's schema: `ld_<end of the run's id>_<table>`.
std::string PrivateTable(const std::string& run_id, const std::string& table);
/// Length of what stands before the table's name.
size_t PrivateTablePrefixBytes();

}  // namespace lyceum
