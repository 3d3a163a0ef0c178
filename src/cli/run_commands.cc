// Commands that run, or say what a run would do.

#include <fmt/format.h>

#include <algorithm>

#include "base/redact.h"
#include "cli/options.h"
#include "report/backfill_report.h"
#include "report/json.h"
#include "report/listings.h"
#include "report/progress.h"
#include "report/run_report.h"
#include "run/cluster_input.h"
#include "run/remote_input.h"

namespace lyceum {

std::atomic<Session*> running_session{nullptr};
std::atomic<bool> session_ended{false};

namespace {

/// The arguments that name the target again, for "next" commands.
std::string TargetArguments(const Options& options) {
  const bool url = options.target.find(':') != std::string::npos;
  std::string text = url ? "" : QuoteForShell(options.spec_path);
  if (!options.target.empty()) {
    text += fmt::format("{}--target {}", text.empty() ? "" : " ",
                        QuoteForShell(WithoutPassword(options.target)));
  }
  return text;
}

Result<SessionOptions> MakeSessionOptions(const Options& options, const Spec& spec) {
  SessionOptions session;
  ASSIGN_OR_RETURN(session.target, ResolveTarget(&spec, options.target));
  ASSIGN_OR_RETURN(session.engine, ResolveEngine(&spec, options.engine));
  session.input = options.input;
  session.force = options.force;
  session.dry_run = options.dry_run;
  session.threads = options.threads;
  session.memory_limit = options.memory_limit;
  session.temp_directory = options.temp_directory;
  session.run_directory = options.run_directory;
  return session;
}

/// What run, backfill, plan and sql need first.
struct Prepared {
  LoadedSpec loaded;
  SessionOptions session;
  Inbox inbox;
};

Result<std::unique_ptr<Prepared>> Prepare(const Options& options, const Output& output) {
  auto prepared = std::make_unique<Prepared>();
  ASSIGN_OR_RETURN(prepared->loaded, LoadSpecFile(options.spec_path, output));
  if (options.input.empty()) {
    return BadSpec("--input is missing; write --input FOLDER with the delivered files");
  }
  ASSIGN_OR_RETURN(prepared->session, MakeSessionOptions(options, prepared->loaded.spec));
  prepared->session.live_progress = output.err_is_terminal && !options.quiet;
  const Spec& spec = prepared->loaded.spec;
  const ResolvedEngine& engine = prepared->session.engine;
  if (IsOnCluster(engine, options.input)) {
    ASSIGN_OR_RETURN(prepared->inbox, OpenClusterInbox(spec, options.input, engine));
  } else {
    ASSIGN_OR_RETURN(prepared->inbox, OpenInbox(spec, options.input, options.temp_directory));
  }
  return prepared;
}

/// Lets signals reach the session for as long as this lives.
class SignalTarget {
 public:
  explicit SignalTarget(Session* session) { running_session = session; }
  ~SignalTarget() {
    session_ended = true;
    running_session = nullptr;
  }
};

std::unique_ptr<ProgressDisplay> StartProgress(Session* session, const Options& options,
                                               const Output& output) {
  if (options.quiet) return nullptr;
  ProgressOptions progress;
  progress.style = ErrStyle(options, output);
  progress.live = output.err_is_terminal;
  return std::make_unique<ProgressDisplay>(
      ProgressDisplay::Source{[session] { return session->progress().view(); },
                              [session] { return session->StatementProgress(); }},
      output.err, progress);
}

RunReportOptions ReportOptions(const Options& options, const Output& output) {
  RunReportOptions report;
  report.style = ErrStyle(options, output);
  report.verbose = options.verbose;
  report.target_arguments = TargetArguments(options);
  return report;
}

/// Writes run.json; a record that cannot be written is a warning, since the batch is published.
void WriteRecord(Session* session, RunRecord* record) {
  Status status = WriteRunFile(*record);
  if (status.ok()) status = session->UploadRunFiles();
  if (!status.ok()) record->warnings.push_back(status.message());
  record->directory = session->ShownDirectory(record->directory);
}

/// Worse codes first: signals, then 3, 1, 2, 0.
int Worse(int a, int b) {
  const auto badness = [](int code) {
    return code > 3 ? 5 : code == 3 ? 4 : code == 1 ? 3 : code == 2 ? 2 : 0;
  };
  return badness(a) >= badness(b) ? a : b;
}

/// True if `date` has a file of a dated dataset, or, with `any`, any file at all.
bool HasFile(const Spec& spec, const Inbox& inbox, Days date, bool any) {
  return std::any_of(spec.datasets.begin(), spec.datasets.end(), [&](const Dataset& dataset) {
    return (any || dataset.dated()) && !inbox.For(dataset, date).empty();
  });
}

}  // namespace

int RunRun(const Options& options, const Output& output) {
  const Result<Days> date = ParseDateOption("--date", options.date);
  if (!date.ok()) return Fail(date.status(), output);
  if (options.dry_run) return RunPlan(options, output);
  auto prepared = Prepare(options, output);
  if (!prepared.ok()) return Fail(prepared.status(), output);
  const Spec& spec = (*prepared)->loaded.spec;
  auto session = Session::Open(spec, (*prepared)->session);
  if (!session.ok()) return Fail(session.status(), output);
  RunRecord record;
  {
    const SignalTarget signals(session->get());
    auto progress = StartProgress(session->get(), options, output);
    if (progress) progress->Begin(fmt::format("{} {}", spec.pipeline, FormatDate(*date)));
    record = (*session)->Run((*prepared)->inbox, *date);
  }
  WriteRecord(session->get(), &record);
  *output.err << (options.quiet ? RenderRunLine(record, ErrStyle(options, output))
                                : RenderRun(record, ReportOptions(options, output)));
  if (FormatOf(options) == OutputFormat::kJson) *output.out << RunJson(record);
  return record.ExitCode();
}

int RunBackfill(const Options& options, const Output& output) {
  const Result<Days> start = ParseDateOption("--start-date", options.start_date);
  if (!start.ok()) return Fail(start.status(), output);
  const Result<Days> end = ParseDateOption("--end-date", options.end_date);
  if (!end.ok()) return Fail(end.status(), output);
  if (*start > *end) return Fail(BadSpec("--start-date is after --end-date"), output);
  auto prepared = Prepare(options, output);
  if (!prepared.ok()) return Fail(prepared.status(), output);
  const Spec& spec = (*prepared)->loaded.spec;
  const Inbox& inbox = (*prepared)->inbox;
  auto session = Session::Open(spec, (*prepared)->session);
  if (!session.ok()) return Fail(session.status(), output);
  BackfillRecord backfill;
  int worst = 0;
  {
    const SignalTarget signals(session->get());
    auto progress = StartProgress(session->get(), options, output);
    bool ended = false;
    for (Days date = *start; date <= *end; ++date) {
      // Static files are delivered to every date, as single runs would.
      const bool any = HasFile(spec, inbox, date, /*any=*/true);
      if (ended) {
        if (any) backfill.days_left.push_back(date);
        continue;
      }
      if (!HasFile(spec, inbox, date, /*any=*/false)) backfill.days_without.push_back(date);
      if (!any) continue;
      if (progress) progress->Begin(fmt::format("{} {}", spec.pipeline, FormatDate(date)));
      backfill.runs.push_back((*session)->Run(inbox, date));
      WriteRecord(session->get(), &backfill.runs.back());
      const int code = backfill.runs.back().ExitCode();
      worst = Worse(worst, code);
      ended = code == 1 || code > 3 || (code != 0 && options.fail_fast);
    }
  }
  const RunReportOptions report = ReportOptions(options, output);
  if (options.quiet) {
    *output.err << RenderBackfillLine(backfill, report.style);
  } else {
    for (const RunRecord& run : backfill.runs) {
      const bool speaks = options.verbose || run.ExitCode() != 0;
      if (speaks) *output.err << RenderRun(run, report) << "\n";
    }
    *output.err << RenderBackfill(backfill, report);
  }
  if (FormatOf(options) == OutputFormat::kJson) *output.out << BackfillJson(backfill);
  return worst;
}

namespace {

/// Makes the plan of `options.date` and hands it to `print`, which returns the exit code. `check`
/// looks at the engine first.
template <typename Print>
int WithPlan(const Options& options, const Output& output, Status (*check)(const ResolvedEngine&),
             Print print) {
  const Result<Days> date = ParseDateOption("--date", options.date);
  if (!date.ok()) return Fail(date.status(), output);
  auto prepared = Prepare(options, output);
  if (!prepared.ok()) return Fail(prepared.status(), output);
  const Status checked = check((*prepared)->session.engine);
  if (!checked.ok()) return Fail(checked, output);
  const Result<PlannedDate> planned =
      PlanDate((*prepared)->loaded.spec, (*prepared)->session, (*prepared)->inbox, *date);
  if (!planned.ok()) return Fail(planned.status(), output);
  return print(*planned, (*prepared)->session);
}

/// What the top of a script for spark-sql says.
std::vector<std::string> SparkNotes(const Options& options, const PlannedDate& planned,
                                    const SessionOptions& session) {
  const std::string folder = SparkResultsFolder(planned, session);
  const std::string target =
      options.target.empty()
          ? ""
          : fmt::format(" --target {}", QuoteForShell(WithoutPassword(options.target)));
  return {
      "It reads, types, judges, deduplicates and keys the delivered files on Spark 3.5 or newer,",
      fmt::format("and writes the results as Parquet below {}.", folder),
      "Run it: spark-sql -f SCRIPT. Then publish the results:",
      fmt::format("lyceum run {}{} --date {} --input {} --engine {}",
                  QuoteForShell(options.spec_path), target, options.date,
                  QuoteForShell(options.input), QuoteForShell("results:" + folder))};
}

}  // namespace

int RunPlan(const Options& options, const Output& output) {
  const auto print = [&](const PlannedDate& planned, const SessionOptions&) {
    *output.out << (FormatOf(options) == OutputFormat::kJson ? PlanJson(planned.plan)
                                                             : ExplainPlan(planned.plan));
    return 0;
  };
  return WithPlan(options, output, CheckRunnable, print);
}

int RunSql(const Options& options, const Output& output) {
  const auto print = [&](const PlannedDate& planned, const SessionOptions& session) {
    const bool spark = session.engine.kind == EngineKind::kSpark;
    const auto script = spark ? RenderSparkScript(planned, session) : RenderScript(planned);
    if (!script.ok()) return Fail(script.status(), output);
    const std::vector<std::string> notes =
        spark ? SparkNotes(options, planned, session) : std::vector<std::string>();
    *output.out << (FormatOf(options) == OutputFormat::kJson
                        ? ScriptJson(planned.plan, *script)
                        : RenderSqlScript(planned.plan, *script, notes));
    *output.err << RenderWarnings(planned.warnings, ErrStyle(options, output));
    return 0;
  };
  return WithPlan(options, output, CheckScriptable, print);
}

}  // namespace lyceum
