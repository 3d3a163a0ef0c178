#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "base/status.h"
#include "engines/engine.h"
#include "run/discover.h"
#include "run/record.h"
#include "spec/spec.h"
#include "warehouses/warehouse.h"

namespace lyceum {

/// A target with its variables expanded.
struct ResolvedTarget {
  std::string name;  ///< as the user wrote it; safe to print
  std::string path;  ///< duckdb: the database file
  std::string schema = "main";
};

/// Finds what `--target` means: a name of the spec (`spec` may be null), `duckdb:PATH`, or with ""
/// the spec's default target. kBadSpec lists the names if there is no such target.
Result<ResolvedTarget> ResolveTarget(const Spec* spec, const std::string& name_or_url);

struct SessionOptions {
  ResolvedTarget target;
  std::string input;     ///< folder with the delivered files
  bool force = false;    ///< load what is unchanged too
  bool dry_run = false;  ///< plan and judge nothing, change nothing
  int threads = 0;       ///< 0: one per core
  std::string memory_limit = "1GiB";
  std::string temp_directory;  ///< "": inside the run's directory
  std::string run_directory;   ///< "": `<database>.runs`; each run gets a folder below it
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
  /// Opens engine and warehouse, creates or extends the tables, and clears what dead runs left.
  /// kBadSpec if the spec changed in a way that needs a rebuild; the message lists the tables.
  /// `spec` must outlive the session.
  static Result<std::unique_ptr<Session>> Open(const Spec& spec, const SessionOptions& options);
  ~Session();

  /// Runs one batch date over the files of `inbox`. Never fails itself: the record says how it
  /// ended. The record is also written to the run's directory by report/.
  RunRecord Run(const Inbox& inbox, Days date);

  /// Ends the running statement and every later one, from any thread. `code` is kInterrupted or
  /// kTerminated.
  void Interrupt(ErrorCode code);
  const Progress& progress() const { return progress_; }
  /// Share of the running statement that is done; -1 if unknown. From any thread.
  double StatementProgress();

 private:
  friend class BatchRun;
  Session(const Spec& spec, const SessionOptions& options) : spec_(spec), options_(options) {}

  const Spec& spec_;
  SessionOptions options_;
  std::unique_ptr<DuckDb> database_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Warehouse> warehouse_;
  std::string run_root_;
  Progress progress_;
  std::atomic<ErrorCode> stop_{ErrorCode::kOk};
};

/// Opens a target for reading only: no table is created, no lock is kept from other readers.
class ReadSession {
 public:
  static Result<std::unique_ptr<ReadSession>> Open(const ResolvedTarget& target);
  ~ReadSession();
  Warehouse& warehouse() { return *warehouse_; }
  const ResolvedTarget& target() const { return target_; }

 private:
  ResolvedTarget target_;
  std::unique_ptr<DuckDb> database_;
  std::unique_ptr<Warehouse> warehouse_;
};

/// What a run of `date` would do, without doing it; the ledger is read if the target exists.
/// `opened` receives, per dataset to load, what its files look like, if it is not null.
Result<Plan> PlanDate(const Spec& spec, const SessionOptions& options, const Inbox& inbox,
                      Days date);

/// One statement of `lyceum sql`: the step it belongs to and the text.
struct ScriptStatement {
  std::string step;
  Statement statement;
};
/// All statements of a plan in the order of a run. What only a run learns stands as a named
/// placeholder (`$engagement` for a dataset's files).
Result<std::vector<ScriptStatement>> RenderScript(const Plan& plan, const Dialect& dialect,
                                                  const std::string& schema);

}  // namespace lyceum
