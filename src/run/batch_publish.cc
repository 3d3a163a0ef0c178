// The publish transaction: everything of a batch date appears together, or nothing does.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "run/batch_run.h"
#include "run/ledger.h"
#include "run/transaction.h"

namespace lyceum {
namespace {

/// A connection that breaks during a server's restart comes back within seconds.
constexpr int kPublishAttempts = 6;

}  // namespace

/// Tries the transaction again where another writer or a broken connection came between. What is
/// staged stays, so only the transaction is repeated. After a lost COMMIT the ledger tells whether
/// it happened.
Status BatchRun::Publish() {
  session_.progress_.Enter("publishing", static_cast<int>(loaded_.size()),
                           static_cast<int>(loaded_.size()));
  for (int attempt = 1;; ++attempt) {
    RETURN_IF_ERROR(Stopped());
    Status status = PublishOnce();
    if (status.code() == ErrorCode::kConnectionLost) {
      ASSIGN_OR_RETURN(const bool published, WasPublished(status));
      if (published) return Status::Ok();
    }
    if (status.code() == ErrorCode::kOutOfRange) {
      record_.gate_reasons.push_back(fmt::format("cannot {}", status.message()));
      return status;
    }
    if (!MayRepeat(status) || attempt == kPublishAttempts) return status;
    PauseBefore(attempt);
  }
}

Status BatchRun::PublishOnce() {
  RETURN_IF_ERROR(Execute(Statement{"begin", "BEGIN"}));
  Status status = PublishInTransaction();
  if (status.ok()) status = Commit();
  if (!status.ok()) {
    (void)session_.warehouse_->Execute({"roll back", "ROLLBACK"});
    temporary_tables_.clear();
  }
  return status;
}

/// A signal that comes during COMMIT must not leave open whether it happened, so none is passed on.
Status BatchRun::Commit() {
  const Session::CommitScope scope(&session_);
  RETURN_IF_ERROR(Stopped());
  return Execute(Statement{"commit", "COMMIT"});
}

/// Whether a COMMIT of which no answer came has happened. The lock waits for a transaction that is
/// still at work on the server; only then is the ledger's word final.
Result<bool> BatchRun::WasPublished(const Status& lost) {
  bool published = false;
  const Status status = Retrying([&]() -> Status {
    RETURN_IF_ERROR(Execute(Statement{"begin", "BEGIN"}));
    Status locked = Execute(RenderLock(names_));
    if (locked.ok()) {
      auto rows = session_.warehouse_->Query(
          fmt::format("SELECT count(*) FROM {} WHERE run_id = {} AND state = 'published'",
                      names_.Book("runs"), names_.Text(names_.run_id())));
      locked = rows.status();
      if (rows.ok()) published = rows->rows[0][0] != "0";
    }
    (void)session_.warehouse_->Execute({"roll back", "ROLLBACK"});
    return locked;
  });
  if (status.ok()) return published;
  return Unavailable(fmt::format(
      "{}, and it did not come back ({}); whether the batch was published is not known: "
      "run again, the ledger knows",
      lost.message(), status.message()));
}

/// The plan was made from a ledger read before the lock; under it, it must still be true.
Status BatchRun::CheckNothingMoved() {
  ASSIGN_OR_RETURN(const LedgerState now, ReadLedger(session_.warehouse_.get()));
  others_.clear();
  for (const auto& [key, content] : now) {
    if (key.second != date_ && content.first_date) {
      others_[key.first].push_back({content.first_date, content.last_date});
    }
  }
  for (const DatasetPlan& plan : plan_.datasets) {
    const auto found = now.find({plan.dataset->name, date_});
    const std::string current = found == now.end() ? "" : found->second.delivery_id;
    const bool moved = current != (plan.current ? plan.current->delivery_id : "") ||
                       OtherDateUses(now, plan) != OtherDateUses(input_.ledger, plan);
    if (!moved) continue;
    return Stale(fmt::format("other runs keep publishing '{}' for {}; run again later",
                             plan.dataset->name, FormatDate(date_)));
  }
  return Status::Ok();
}

/// Whether the delivered or the replaced content is current for another date too: what a publish
/// keeps of it depends on that.
std::pair<bool, bool> BatchRun::OtherDateUses(const LedgerState& ledger,
                                              const DatasetPlan& plan) const {
  std::pair<bool, bool> uses;
  for (const auto& [key, content] : ledger) {
    if (key.first != plan.dataset->name || key.second == date_) continue;
    uses.first = uses.first || content.delivery_id == plan.delivery_id;
    uses.second = uses.second || (plan.current && content.delivery_id == plan.current->delivery_id);
  }
  return uses;
}

/// Every accepted and every rejected row must have arrived in its private table; a server that
/// crashed since may have lost them.
Status BatchRun::CheckStaged() {
  if (names_.dialect().private_views) return Status::Ok();
  const auto check = [this](const std::string& table, int64_t expected) -> Status {
    ASSIGN_OR_RETURN(const RowSet count, session_.warehouse_->Query(fmt::format(
                                             "SELECT count(*) FROM {}", names_.Private(table))));
    if (*count.rows[0][0] == std::to_string(expected)) return Status::Ok();
    return Unavailable(fmt::format("{} of {} staged rows of '{}' are left; run again",
                                   *count.rows[0][0], expected, table));
  };
  int64_t rejected = 0;
  for (const auto& [name, loaded] : loaded_) {
    const DatasetRecord& record = *RecordOf(name);
    rejected += record.Total().quarantined + record.conflicts;
    if (loaded.outcome.staged) {
      RETURN_IF_ERROR(check(loaded.plan->table.name, record.Total().loaded));
    }
  }
  return quarantine_staged_ ? check("quarantine", rejected) : Status::Ok();
}

MemberCounts BatchRun::LoadedMembers() {
  MemberCounts members;
  for (const auto& [name, loaded] : loaded_) {
    const TableSchema& table = loaded.plan->table;
    if (table.kind == TableKind::kDimension) members[table.name] = RecordOf(name)->Total().loaded;
  }
  return members;
}

Status BatchRun::PublishInTransaction() {
  RETURN_IF_ERROR(Execute(RenderLock(names_)));
  RETURN_IF_ERROR(CheckNothingMoved());
  RETURN_IF_ERROR(CheckStaged());
  ASSIGN_OR_RETURN(SchemaChanges schema,
                   CompareSchema(spec_, names_, session_.options_.target.layouts,
                                 session_.warehouse_.get(), LoadedMembers()));
  PublishFacts facts = Facts();
  facts.define = std::move(schema.define);
  facts.schema_rows = std::move(schema.rows);
  facts.staging_tables = std::move(schema.staging_tables);
  ASSIGN_OR_RETURN(const std::vector<StepStatement> statements,
                   RenderPublish(plan_, facts, names_));
  for (const StepStatement& statement : statements) {
    RETURN_IF_ERROR(Stopped());
    RETURN_IF_ERROR(Execute(statement.statement));
  }
  return CountMoves(facts);
}

/// Counts, per fact, the rows that wait behind an earlier date, those of later dates that wait now,
/// and those that wait no longer.
Status BatchRun::CountMoves(const PublishFacts& facts) {
  for (const Step& step : plan_.steps) {
    const auto* fact = std::get_if<ResolveFactStep>(&step);
    if (!fact || !FactMayOverlap(spec_, facts, *fact)) continue;
    const std::string& table = fact->table.name;
    ASSIGN_OR_RETURN(const RowSet counts,
                     session_.warehouse_->Query(
                         fmt::format("SELECT (SELECT count(*) FROM {}), (SELECT count(*) FROM {}), "
                                     "(SELECT count(*) FROM {})",
                                     names_.Temp("late", table), names_.Temp("demoted", table),
                                     names_.Temp("promoted", table))));
    const auto number = [&](size_t i) { return std::stoll(counts.rows[0][i].value_or("0")); };
    RecordOf(spec_.FindFact(table)->dataset)->moves = {number(0), number(1), number(2)};
  }
  return Status::Ok();
}

PublishFacts BatchRun::Facts() {
  PublishFacts facts;
  facts.bounds = bounds_;
  facts.others = others_;
  if (names_.dialect().private_views) {
    for (const auto& [name, loaded] : loaded_) {
      const auto& staged = loaded.outcome.staged;
      if (staged && staged->difference) facts.differences[name] = *staged->difference;
    }
  }
  facts.quality = QualityRows();
  facts.run = Row("published");
  facts.quarantine_staged = quarantine_staged_;
  for (const DatasetPlan& plan : plan_.datasets) {
    std::vector<FileRow>& files = facts.files[plan.dataset->name];
    const DatasetRecord& record = *RecordOf(plan.dataset->name);
    for (size_t i = 0; i < record.files.size(); ++i) {
      const FileRecord& file = record.files[i];
      files.push_back({file.file, plan.files[i].base_name, file.content_id, file.bytes,
                       file.rows.read, file.rows.loaded, file.rows.duplicates,
                       file.rows.quarantined, file.empty_lines});
    }
  }
  return facts;
}

}  // namespace lyceum
