// The command line as CLI11 sees it: every command with its options and its help.

#include "cli/commands.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <functional>

#include "base/diagnostic.h"
#include "cli/options.h"

namespace lyceum {
namespace {

using Command = std::function<int(const Options&, const Output&)>;

/// Adds options to commands; one function per option, so that it reads alike everywhere.
class CommandLine {
 public:
  CommandLine()
      : app_("Turns the files of a learning platform into a star schema that people can trust.",
             "lyceum") {
    app_.require_subcommand(1);
    app_.set_version_flag("--version", "lyceum " LYCEUM_VERSION);
    AddRunCommands();
    AddSpecCommands();
    AddReadCommands();
  }

  int Run(int argc, const char* const* argv, const Output& output) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
      *output.out << Help();
      return 0;
    } catch (const CLI::CallForAllHelp&) {
      *output.out << Help();
      return 0;
    } catch (const CLI::CallForVersion&) {
      *output.out << "lyceum " LYCEUM_VERSION "\n";
      return 0;
    } catch (const CLI::ParseError& error) {
      *output.err << "error: " << Explain(error, argc, argv) << "\n";
      return 3;
    }
    for (const auto& [app, command] : commands_) {
      if (app->parsed()) return command(options_, output);
    }
    return 3;
  }

 private:
  CLI::App* Add(CLI::App* parent, const char* name, const char* doc, const char* example,
                Command command) {
    CLI::App* app = parent->add_subcommand(name, doc);
    app->footer(fmt::format("Example: lyceum {}", example));
    commands_.emplace_back(app, std::move(command));
    return app;
  }

  void Spec(CLI::App* app, bool required) {
    auto* option = app->add_option("SPEC", options_.spec_path, "Path of the pipeline's YAML file");
    if (required) option->required();
  }
  void Target(CLI::App* app) {
    app->add_option("--target", options_.target,
                    "Target of the spec, duckdb:PATH, or a postgresql:// or redshift:// URL; "
                    "default: the spec's default_target");
  }
  void Date(CLI::App* app, const char* doc) { app->add_option("--date", options_.date, doc); }
  void Format(CLI::App* app, std::vector<std::string> formats) {
    app->add_option("--output", options_.output, "Form of the data on standard output")
        ->check(CLI::IsMember(std::move(formats)));
  }
  void Look(CLI::App* app) {
    app->add_flag("--no-color", options_.no_color, "No colours (NO_COLOR does the same)");
  }
  void Session(CLI::App* app) {
    Spec(app, true);
    app->add_option("--input", options_.input,
                    "Folder with the delivered files, or s3://bucket/prefix");
    Target(app);
    app->add_flag("--force", options_.force, "Load unchanged content too; never opens a gate");
    app->add_option("--threads", options_.threads, "Threads; default: one per core")
        ->check(CLI::Range(1, 1024));
    app->add_option("--memory-limit", options_.memory_limit, "Memory of the engine; default: 1GiB");
    app->add_option("--temp-dir", options_.temp_directory, "Folder for spilled data");
    app->add_option("--run-dir", options_.run_directory,
                    "Folder for run records, may be s3://; default: DATABASE.runs");
    app->add_flag("--quiet", options_.quiet, "Only errors and the last line");
    app->add_flag("--verbose", options_.verbose, "Why each dataset is loaded or not, and more");
    Format(app, {"text", "json"});
    Look(app);
  }

  void AddRunCommands() {
    CLI::App* run =
        Add(&app_, "run", "Loads and publishes one batch date",
            "run pipelines/edtech.yaml --date 2025-06-01 --input inbox --target local", RunRun);
    Session(run);
    Date(run, "Batch date, 2025-06-01 or 20250601");
    run->add_flag("--dry-run", options_.dry_run, "Print the plan, change nothing");
    CLI::App* backfill = Add(&app_, "backfill", "Loads a range of batch dates, date by date",
                             "backfill pipelines/edtech.yaml --start-date 2025-06-01 --end-date "
                             "2025-06-30 --input inbox",
                             RunBackfill);
    Session(backfill);
    backfill->add_option("--start-date", options_.start_date, "First batch date");
    backfill->add_option("--end-date", options_.end_date, "Last batch date, inclusive");
    backfill->add_flag("--fail-fast", options_.fail_fast, "Stop at the first closed gate");
    CLI::App* plan = Add(&app_, "plan", "Says what a run would do, file by file",
                         "plan pipelines/edtech.yaml --date 2025-06-01 --input inbox", RunPlan);
    Session(plan);
    Date(plan, "Batch date, 2025-06-01 or 20250601");
    CLI::App* sql = Add(&app_, "sql", "Prints the statements of a run as a script",
                        "sql pipelines/edtech.yaml --date 2025-06-01 --input inbox", RunSql);
    Session(sql);
    Date(sql, "Batch date, 2025-06-01 or 20250601");
  }

  void AddSpecCommands() {
    CLI::App* validate = Add(&app_, "validate", "Checks a spec and shows every problem at once",
                             "validate pipelines/edtech.yaml", RunValidate);
    Spec(validate, true);
    Format(validate, {"text", "json"});
    CLI::App* schema = Add(&app_, "schema", "Prints the JSON Schema of specs, for editors",
                           "schema > lyceum.schema.json", RunSchema);
    schema->add_flag("--reference", options_.reference, "Print the reference page instead");
    CLI::App* generate =
        Add(&app_, "generate", "Writes reproducible test files, clean or dirty",
            "generate --rows 20000 --days 3 --seed 7 --dirty 10 --out inbox", RunGenerate);
    generate->add_option("--rows", options_.rows, "Rows of the largest daily file");
    generate->add_option("--days", options_.days, "Number of batch dates");
    generate->add_option("--seed", options_.seed, "The same seed gives the same bytes");
    generate->add_option("--dirty", options_.dirty, "Percent of rows that must be rejected");
    generate->add_option("--out", options_.out, "Folder to write to");
    generate->add_option("--start-date", options_.start_date, "First batch date; 2025-06-01");
    generate->add_option("--profile", options_.profile, "Profile instead of the built-in one");
    generate->add_flag("--quiet", options_.quiet, "No list of files");
  }

  void AddReadCommands() {
    CLI::App* status =
        Add(&app_, "status", "Lists published batch dates and the holes between them",
            "status pipelines/edtech.yaml --target local", RunStatus);
    Spec(status, false);
    Target(status);
    Format(status, {"text", "json"});
    Look(status);
    CLI::App* quarantine = app_.add_subcommand("quarantine", "Looks at rows that did not load");
    quarantine->require_subcommand(1);
    for (const bool show : {false, true}) {
      CLI::App* app =
          Add(quarantine, show ? "show" : "list",
              show ? "Shows records with their raw text" : "Lists records, without row values",
              show ? "quarantine show --target duckdb:x.duckdb --limit 1"
                   : "quarantine list --target duckdb:x.duckdb --dataset students",
              [show](const Options& options, const Output& output) {
                return RunQuarantine(options, output, show);
              });
      Spec(app, false);
      Target(app);
      Date(app, "Only this batch date");
      app->add_option("--id", options_.record_id, "Only records whose id begins so");
      app->add_option("--dataset", options_.dataset, "Only this dataset");
      app->add_option("--state", options_.state,
                      "open (default), superseded, not_published or all");
      app->add_option("--kind", options_.kind, "rejected or conflict")
          ->check(CLI::IsMember({"rejected", "conflict"}));
      app->add_option("--file", options_.file, "Only files whose path holds this");
      app->add_option("--reason", options_.reason, "Only reasons that hold this");
      app->add_option("--limit", options_.limit, "At most so many records")
          ->check(CLI::NonNegativeNumber);
      Format(app, {"text", "json", "csv"});
      Look(app);
    }
    CLI::App* query =
        Add(&app_, "query", "Runs one read-only SQL query",
            "query --target duckdb:x.duckdb \"SELECT count(*) FROM fact_quiz\"", RunQuery);
    query
        ->add_option("SQL", options_.sql, "The query; tables of the target's schema need no prefix")
        ->required();
    query->add_option("--spec", options_.spec_path, "Spec that names the target");
    Target(query);
    Format(query, {"text", "json", "csv"});
    Look(query);
    CLI::App* verify = Add(&app_, "verify", "Prints a digest per table and checks the ledger",
                           "verify --target duckdb:x.duckdb --date 2025-06-01", RunVerify);
    Spec(verify, false);
    Target(verify);
    Date(verify, "Only this batch date");
    Format(verify, {"text", "json"});
    Look(verify);
    CLI::App* doctor =
        Add(&app_, "doctor", "Checks that a target can be loaded, in a scratch schema",
            "doctor pipelines/edtech.yaml --target local", RunDoctor);
    Spec(doctor, false);
    Target(doctor);
    Format(doctor, {"text", "json"});
    Look(doctor);
  }

  /// The help of the innermost command that was named.
  std::string Help() {
    CLI::App* app = &app_;
    while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
    return app->help();
  }

  std::string Explain(const CLI::ParseError& error, int argc, const char* const* argv) {
    std::string message = error.what();
    if (!message.empty() && message.back() == '.') message.pop_back();
    if (argc < 2) return "no command; `lyceum --help` lists them";
    std::vector<std::string> names;
    for (const CLI::App* app : app_.get_subcommands([](CLI::App*) { return true; })) {
      names.push_back(app->get_name());
    }
    const std::string first = argv[1];
    const bool known = std::find(names.begin(), names.end(), first) != names.end();
    if (!known && !first.empty() && first[0] != '-') {
      return fmt::format("unknown command '{}'{}", first, SuggestName(first, names));
    }
    return fmt::format("{}; `lyceum {}--help` tells more", message, known ? first + " " : "");
  }

  Options options_;
  CLI::App app_;
  std::vector<std::pair<CLI::App*, Command>> commands_;
};

}  // namespace

int RunCommandLine(int argc, const char* const* argv, const Output& output) {
  return CommandLine().Run(argc, argv, output);
}

}  // namespace lyceum
