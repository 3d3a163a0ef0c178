#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "base/status.h"
#include "engines/engine.h"
#include "engines/object_store.h"
#include "run/discover.h"
#include "run/engine_choice.h"
#include "run/record.h"
#include "run/schema_update.h"
#include "run/spill_folder.h"
#include "run/target.h"
#include "spec/spec.h"
#include "sql/publish_sql.h"
#include "warehouses/warehouse.h"

namespace lyceum {

struct SessionOptions {
  ResolvedTarget target;
  ResolvedEngine engine;
  std::string input;           ///< folder with the delivered files
  bool force = false;          ///< load what is unchanged too
  bool dry_run = false;        ///< plan and judge nothing, change nothing
  int threads = 0;             ///< 0: one per core
  bool live_progress = false;  ///< StatementProgress() is asked for
  std::string memory_limit = "640MiB";
  std::string temp_directory;  ///< "": inside the run's directory
  std::string run_directory;   ///< "": the target's; each run gets a folder below it; may be s3://
};

/// Where a run stands, for progress bars. Threads may read it while the run goes on.
class Progress {
 public:
  void Enter(std::string phase, int done, int total);
  struct View {
    std::string phase;
    int done = 0;   ///< datasets finished
    int total = 0;  ///< datasets to load
  };
  View view() const;

 private:
  mutable std::mutex mutex_;
  View view_;
};

/// One writing session: an embedded engine and a locked warehouse. Runs batch dates one after
/// another. Not thread-safe, except Interrupt() and progress().
class Session {
 public:
  /// Opens engine and warehouse, creates the bookkeeping, and clears what dead runs left.
  /// kBadSpec if the spec changed in a way that needs a rebuild; the message lists the tables.
  /// `spec` must outlive the session.
  static Result<std::unique_ptr<Session>> Open(const Spec& spec, const SessionOptions& options);
  ~Session();

  /// Runs one batch date over the files of `inbox`. Never fails itself: the record says how it
  /// ended. The record is also written to the run's directory by report/.
  RunRecord Run(const Inbox& inbox, Days date);

  /// Where the run directory is s3://, copies there what was written since the last call. Long
  /// records are copied before their run publishes; the caller copies the run's own record.
  Status UploadRunFiles();
  /// Where people find a folder below the run directory.
  std::string ShownDirectory(const std::string& directory) const;

  /// Ends the running statement and every later one, from any thread. `code` is kInterrupted or
  /// kTerminated.
  void Interrupt(ErrorCode code);
  const Progress& progress() const { return progress_; }
  /// While one lives, Interrupt() only takes note: what is running must come to its end.
  class CommitScope {
   public:
    explicit CommitScope(Session* session);
    ~CommitScope();
    CommitScope(const CommitScope&) = delete;
    CommitScope& operator=(const CommitScope&) = delete;

   private:
    Session* session_;
  };
  /// Share of the running statement that is done; -1 if unknown. From any thread.
  double StatementProgress();

 private:
  friend class BatchRun;
  Status OpenStore();
  Status OpenEngine();
  Session(const Spec& spec, const SessionOptions& options) : spec_(spec), options_(options) {}

  const Spec& spec_;
  SessionOptions options_;
  std::unique_ptr<SpillFolder> spill_;
  std::unique_ptr<SpillFolder> results_;  ///< of a cluster, where they are local; else null
  std::unique_ptr<DuckDb> database_;
  std::unique_ptr<ObjectStore> store_;  ///< null if nothing is on S3
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Warehouse> warehouse_;
  std::string run_root_;
  std::string remote_root_;         ///< s3:// run directory; "" if it is local
  std::set<std::string> uploaded_;  ///< paths below run_root_
  Progress progress_;
  std::atomic<ErrorCode> stop_{ErrorCode::kOk};
  std::mutex interrupt_mutex_;
  bool committing_ = false;  ///< guarded by interrupt_mutex_
};

/// Opens a target for reading only: no table is created, no lock is kept from other readers.
class ReadSession {
 public:
  static Result<std::unique_ptr<ReadSession>> Open(const ResolvedTarget& target);
  /// As Open, also if the database holds none of Lyceum's tables.
  static Result<std::unique_ptr<ReadSession>> OpenAny(const ResolvedTarget& target);
  ~ReadSession();
  Warehouse& warehouse() { return *warehouse_; }
  const ResolvedTarget& target() const { return target_; }

 private:
  ResolvedTarget target_;
  std::unique_ptr<SpillFolder> spill_;
  std::unique_ptr<DuckDb> database_;
  std::unique_ptr<Warehouse> warehouse_;
};

/// What a run of `date` would do, with the target as it was found (its schema is set).
struct PlannedDate {
  Plan plan;
  ResolvedTarget target;
  SchemaChanges schema;
  bool new_warehouse = false;         ///< nothing of Lyceum is there yet
  std::vector<std::string> warnings;  ///< of the delivery, as a run gives them
};

/// Plans without doing anything; the ledger is read if the target exists. kBadSpec if the tables
/// there do not fit the spec.
Result<PlannedDate> PlanDate(const Spec& spec, const SessionOptions& options, const Inbox& inbox,
                             Days date);

/// All statements of a plan in the order of a run: those of the engine, then those of the
/// warehouse. What only a run learns stands as a named placeholder (`$engagement` for a dataset's
/// files).
Result<std::vector<StepStatement>> RenderScript(const PlannedDate& planned);

/// The load of a plan as a script for spark-sql, for clusters without Spark Connect. Its results
/// lie below SparkResultsFolder(), where `--engine results:FOLDER` takes them up. Reads the
/// delivered files, to say how Spark must read them.
Result<std::vector<StepStatement>> RenderSparkScript(const PlannedDate& planned,
                                                     const SessionOptions& options);
/// Where the script's results lie, as Lyceum sees them.
std::string SparkResultsFolder(const PlannedDate& planned, const SessionOptions& options);

}  // namespace lyceum
