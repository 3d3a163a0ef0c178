// The command line as CLI11 sees it: every command with its options and its help.

#include "cli/commands.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <functional>

#include "base/diagnostic.h"
#include "cli/options.h"

namespace lyceum {
namespace {

/// Takes one of `words`.
CLI::Validator OneOf(std::vector<std::string> words) {
  const std::string list = fmt::format("{{{}}}", fmt::join(words, ","));
  return {[words = std::move(words)](std::string& text) {
            const bool known = std::find(words.begin(), words.end(), text) != words.end();
            return known ? "" : fmt::format("'{}' is unknown{}", text, SuggestName(text, words));
          },
          list};
}

/// Takes a whole number; `most` 0 is no limit.
CLI::Validator WholeNumber(int64_t least, int64_t most) {
  return {
      [least, most](std::string& text) -> std::string {
        int64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        const bool whole = error == std::errc() && end == text.data() + text.size();
        if (whole && number >= least && (most == 0 || number <= most)) return "";
        return most == 0 ? fmt::format("'{}' is no whole number of at least {}", text, least)
                         : fmt::format("'{}' is no whole number from {} to {}", text, least, most);
      },
      ""};
}

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

  int Run(std::vector<std::string> arguments, const Output& output) {
    // `lyceum help run` is `lyceum run --help`.
    if (!arguments.empty() && arguments.front() == "help") {
      arguments.erase(arguments.begin());
      arguments.emplace_back("--help");
    }
    try {
      // CLI11 takes them from the back.
      app_.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::CallForHelp&) {
      const Named named = FindCommand(arguments);
      if (!named.unknown.empty()) {
        *output.err << "error: " << named.unknown << "\n";
        return 3;
      }
      *output.out << app_.help();
      return 0;
    } catch (const CLI::CallForAllHelp&) {
      *output.out << app_.help();
      return 0;
    } catch (const CLI::CallForVersion&) {
      *output.out << "lyceum " LYCEUM_VERSION "\n";
      return 0;
    } catch (const CLI::ParseError& error) {
      *output.err << "error: " << Explain(error, arguments) << "\n";
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
        ->check(OneOf(std::move(formats)));
  }
  void Look(CLI::App* app) {
    app->add_flag("--no-color", options_.no_color, "No colours (NO_COLOR does the same)");
  }
  void Session(CLI::App* app, const char* engines) {
    Spec(app, true);
    app->add_option("--input", options_.input,
                    "Folder with the delivered files, or s3://bucket/prefix");
    Target(app);
    app->add_option("--engine", options_.engine,
                    fmt::format("Engine of the spec, duckdb (inside Lyceum), {}; default: the "
                                "spec's default_engine, then duckdb",
                                engines));
    app->add_flag("--force", options_.force, "Load unchanged content too; never opens a gate");
    app->add_option("--threads", options_.threads, "Threads; default: one per core")
        ->check(WholeNumber(1, 1024));
    app->add_option("--memory-limit", options_.memory_limit,
                    "Memory of the engine; default: 640MiB");
    app->add_option("--temp-dir", options_.temp_directory, "Folder for spilled data");
    app->add_option("--run-dir", options_.run_directory,
                    "Folder for run records, may be s3://; default: DATABASE.runs");
    app->add_flag("--quiet", options_.quiet, "Only errors and the last line");
    app->add_flag("--verbose", options_.verbose, "Why each dataset is loaded or not, and more");
    Format(app, {"text", "json"});
    Look(app);
  }

  void AddRunCommands() {
    const char* kRunEngines =
        "a Spark Connect URL, sc://host:15002, or results:FOLDER, what a script of `lyceum sql "
        "--engine spark` wrote";
    CLI::App* run =
        Add(&app_, "run", "Loads and publishes one batch date",
            "run pipelines/edtech.yaml --date 2025-06-01 --input inbox --target local", RunRun);
    Session(run, kRunEngines);
    Date(run, "Batch date, 2025-06-01 or 20250601");
    run->add_flag("--dry-run", options_.dry_run, "Print the plan, change nothing");
    CLI::App* backfill = Add(&app_, "backfill", "Loads a range of batch dates, date by date",
                             "backfill pipelines/edtech.yaml --start-date 2025-06-01 --end-date "
                             "2025-06-30 --input inbox",
                             RunBackfill);
    Session(backfill, "or a Spark Connect URL, sc://host:15002");
    backfill->add_option("--start-date", options_.start_date, "First batch date");
    backfill->add_option("--end-date", options_.end_date, "Last batch date, inclusive");
    backfill->add_flag("--fail-fast", options_.fail_fast, "Stop at the first closed gate");
    CLI::App* plan = Add(&app_, "plan", "Says what a run would do, file by file",
                         "plan pipelines/edtech.yaml --date 2025-06-01 --input inbox", RunPlan);
    Session(plan, kRunEngines);
    Date(plan, "Batch date, 2025-06-01 or 20250601");
    CLI::App* sql = Add(&app_, "sql", "Prints the statements of a run as a script",
                        "sql pipelines/edtech.yaml --date 2025-06-01 --input inbox", RunSql);
    Session(sql,
            "or spark for a script that spark-sql runs, whose results `lyceum run --engine "
            "results:FOLDER` publishes");
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
    generate->add_option("--rows", options_.rows, "Rows of the largest daily file; default: 1000");
    generate->add_option("--days", options_.days, "Number of batch dates; default: 1");
    generate->add_option("--seed", options_.seed, "The same seed gives the same bytes; default: 1");
    generate->add_option("--dirty", options_.dirty,
                         "Percent of rows that must be rejected; default: 0");
    generate->add_option("--out", options_.out, "Folder to write to; required");
    generate->add_option("--start-date", options_.start_date,
                         "First batch date; default: 2025-06-01");
    generate->add_option("--profile", options_.profile,
                         "YAML file with a profile; default: the built-in one");
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
          ->check(OneOf({"rejected", "conflict"}));
      app->add_option("--file", options_.file, "Only files whose path holds this");
      app->add_option("--reason", options_.reason, "Only reasons that hold this");
      app->add_option("--limit", options_.limit, "At most so many records; 0, the default: all")
          ->check(WholeNumber(0, 0));
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
    Date(verify,
         "Only facts, waiting rows, quarantine and ledger lines of this batch date, and marts of "
         "this day; dimensions stay whole");
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

  static std::vector<std::string> CommandsOf(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(command->get_name());
    }
    return names;
  }

  /// The command that the first arguments name.
  struct Named {
    const CLI::App* app = nullptr;
    std::string path = "lyceum";
    size_t next = 0;      ///< index of the argument behind it
    std::string unknown;  ///< what is wrong if it names none, else ""
  };

  Named FindCommand(const std::vector<std::string>& arguments) const {
    Named named;
    named.app = &app_;
    for (; named.next < arguments.size(); ++named.next) {
      const std::string& word = arguments[named.next];
      const std::vector<std::string> names = CommandsOf(*named.app);
      if (names.empty() || word.empty() || word[0] == '-') break;
      if (std::find(names.begin(), names.end(), word) == names.end()) {
        const std::string above = named.app == &app_ ? "" : named.app->get_name() + " ";
        named.unknown =
            fmt::format("unknown command '{}{}'{}", above, word, SuggestName(word, names));
        break;
      }
      named.app = named.app->get_subcommand_ptr(word).get();
      named.path += " " + word;
    }
    return named;
  }

  /// Flags that `app` does not know: CLI11 often blames the argument beside them.
  static std::string UnknownFlag(const CLI::App& app, const std::vector<std::string>& arguments,
                                 size_t begin) {
    std::vector<std::string> known;
    for (const CLI::Option* option : app.get_options()) {
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
    for (size_t i = begin; i < arguments.size() && arguments[i] != "--"; ++i) {
      const std::string flag = arguments[i].substr(0, arguments[i].find('='));
      if (flag.size() < 3 || flag.compare(0, 2, "--") != 0) continue;
      if (std::find(known.begin(), known.end(), flag) != known.end()) continue;
      const std::string nearest = SuggestName(flag, known);
      const bool near = nearest.find("did you mean") != std::string::npos;
      return fmt::format("unknown option '{}'{}", flag, near ? nearest : "");
    }
    return "";
  }

  /// Says what is wrong with the arguments. What CLI11 says is in its own words, and about the
  /// argument at which it noticed, so only the rest is left to it.
  std::string Explain(const CLI::ParseError& error, const std::vector<std::string>& arguments) {
    if (arguments.empty()) return "no command; `lyceum --help` lists them";
    const auto [app, path, begin, unknown] = FindCommand(arguments);
    if (!unknown.empty()) return unknown;
    const std::string more = fmt::format("; `{} --help` tells more", path);
    if (const std::string flag = UnknownFlag(*app, arguments, begin); !flag.empty()) {
      return flag + more;
    }
    if (const std::vector<std::string> names = CommandsOf(*app); !names.empty()) {
      return fmt::format("expected a command behind '{}'{}", path, more);
    }
    if (dynamic_cast<const CLI::ExtrasError*>(&error)) {
      for (const std::string& extra : app->remaining()) {
        return fmt::format("unexpected argument '{}'{}", extra, more);
      }
    }
    const std::string text = error.what();
    const std::string subject = text.substr(0, text.find(':'));
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&error)) {
      return fmt::format("{} needs a value{}", subject, more);
    }
    if (dynamic_cast<const CLI::ConversionError*>(&error)) {
      // `Could not convert: --rows = ten`
      const size_t name = text.find("--");
      const size_t value = text.find(" = ");
      if (name != std::string::npos && value != std::string::npos) {
        return fmt::format("{}: '{}' is no number{}", text.substr(name, value - name),
                           text.substr(value + 3), more);
      }
    }
    return text + more;
  }

  Options options_;
  CLI::App app_;
  std::vector<std::pair<CLI::App*, Command>> commands_;
};

}  // namespace

int RunCommandLine(int argc, const char* const* argv, const Output& output) {
  return CommandLine().Run(std::vector<std::string>(argv + std::min(argc, 1), argv + argc), output);
}

}  // namespace lyceum
