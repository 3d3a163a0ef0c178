#pragma once

#include <map>
#include <string>
#include <vector>

#include "run/session.h"
#include "sql/ledger_sql.h"
#include "sql/publish_sql.h"
#include "sql/render.h"

namespace lyceum {

/// Hashes the files that a run of `date` gets, by dataset.
Result<std::map<std::string, std::vector<DeliveredFile>>> FingerprintFiles(const Spec& spec,
                                                                           const Inbox& inbox,
                                                                           Days date);

/// What a run warns of before it reads a file: datasets without one, and files that are nearly
/// theirs.
std::vector<std::string> DeliveryWarnings(const Inbox& inbox, const Plan& plan);

/// One run of one batch date: plan, load, gate, publish. Used once.
class BatchRun {
 public:
  BatchRun(Session* session, const Inbox& inbox, Days date);

  /// Runs to the end and describes it.
  RunRecord Go();

 private:
  /// What the run knows about a dataset besides its plan.
  struct Loaded {
    const DatasetPlan* plan = nullptr;
    std::vector<OpenedFile> opened;
    LoadOutcome outcome;
    DatasetLoad load;
  };

  Status Run();
  Status Attempt();
  void StartOver();
  Status PlanIt();
  Status OpenFiles(bool* header_only_found);
  Status LoadDatasets();
  Status LoadDataset(Loaded* loaded);
  Status StageDataset(Loaded* loaded);
  void JudgeRules(const Loaded& loaded, DatasetRecord* record);
  void JudgeThresholds(const Dataset& dataset, const DatasetRecord& record);
  Status CheckDelivered() const;
  bool IsHeaderOnly(const std::string& dataset) const;
  Status FindVanished();
  Status CheckLedger() const;
  Status RecordClosedGate();
  Status CloseGate();
  void WarnOfNewerSnapshot(const DatasetPlan& plan);
  Status Publish();
  Status PublishOnce();
  MemberCounts LoadedMembers();
  Status PublishInTransaction();
  Status Commit();
  Result<bool> WasPublished(const Status& lost);
  Status CheckNothingMoved();
  std::pair<bool, bool> OtherDateUses(const LedgerState& ledger, const DatasetPlan& plan) const;
  Status CheckStaged();
  Status CountMoves(const PublishFacts& facts);
  PublishFacts Facts();
  void DropPrivate();
  Status Execute(const std::vector<Statement>& statements);
  Status Execute(const Statement& statement);
  void CleanUp();
  void Warn(std::string text) { record_.warnings.push_back(std::move(text)); }
  DatasetRecord* RecordOf(const std::string& dataset);
  RunRow Row(const std::string& state) const;
  std::vector<QualityRow> QualityRows() const;
  Status Stopped() const;

  Session& session_;
  const Spec& spec_;
  const Inbox& inbox_;
  const Days date_;
  Names names_;         ///< of the warehouse
  Names engine_names_;  ///< of the embedded engine
  PlanInput input_;
  Plan plan_;
  std::string started_at_;  ///< UTC, as lyceum.runs has it
  RunRecord record_;
  std::map<std::string, Loaded> loaded_;
  std::map<std::string, DateBounds> bounds_;               ///< of staged rows, by dataset
  std::map<std::string, std::vector<DateBounds>> others_;  ///< of other dates, under the lock
  std::vector<std::string> temporary_tables_;
  bool quarantine_staged_ = false;
  std::vector<std::string> quarantine_queries_;  ///< of the datasets so far, if it is a view
  bool registered_ = false;                      ///< lyceum.runs has a row of this run
};

}  // namespace lyceum
