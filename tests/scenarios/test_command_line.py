"""What the command line says of mistakes, and what its help promises."""
import json
import unittest

import harness


class CommandLine(harness.Case):
    def fails(self, *arguments):
        done = self.lyceum(*arguments)
        self.assertEqual((done.returncode, done.stdout), (3, ""), done.stderr)
        self.assertTrue(done.stderr.startswith("error: "), done.stderr)
        return done.stderr[len("error: "):].rstrip("\n")

    def test_mistakes(self):
        run, listing = "; `lyceum run --help` tells more", "; `lyceum quarantine list --help` tells more"
        for arguments, message in (
                ("runn", "unknown command 'runn'; did you mean 'run'?"),
                ("quarantine lst", "unknown command 'quarantine lst'; did you mean 'list'?"),
                ("quarantine", "expected a command behind 'lyceum quarantine'; `lyceum quarantine --help` tells more"),
                ("run --dat 2025-06-01 x.yaml", "unknown option '--dat'; did you mean '--date'?" + run),
                ("run x.yaml --taget=a", "unknown option '--taget'; did you mean '--target'?" + run),
                ("run x.yaml --sideways", "unknown option '--sideways'" + run),
                ("quarantine list --staet open", "unknown option '--staet'; did you mean '--state'?" + listing),
                ("run x.yaml y.yaml", "unexpected argument 'y.yaml'" + run),
                ("run x.yaml --date", "--date needs a value" + run),
                ("run x.yaml --engin duckdb", "unknown option '--engin'; did you mean '--engine'?" + run),
                ("run x.yaml --engine", "--engine needs a value" + run),
                ("run", "SPEC is required" + run),
                ("run x.yaml --threads many", "--threads: 'many' is no whole number from 1 to 1024" + run),
                ("run x.yaml --output xml",
                 "--output: 'xml' is unknown; expected one of 'text', 'json'" + run),
                ("quarantine list --limit -1", "--limit: '-1' is no whole number of at least 0" + listing),
                ("quarantine list --kind conflct", "--kind: 'conflct' is unknown; did you mean 'conflict'?" + listing),
                ("generate --rows ten --out x", "--rows: 'ten' is no number; `lyceum generate --help` tells more"),
                ("generate --profile nope --out x", "cannot read profile 'nope': no such file or directory"),
                ("help runn", "unknown command 'runn'; did you mean 'run'?")):
            with self.subTest(arguments):
                self.assertEqual(self.fails(*arguments.split()), message)

    def test_engines(self):
        """What `--engine` may be, and that no message repeats a token."""
        spec = harness.PIPELINE.read_text() + """
engines:
  cluster: {type: spark, url: 'sc://host/;token=${ENGINE_TOKEN}'}
"""
        (self.folder / "engines.yaml").write_text(spec)
        other = "--engine{} is no name of an engine; expected a name of the spec, duckdb, sc://host:15002 or results:FOLDER"
        for engine, message in (
                ("clster", "the spec has no engine 'clster'; did you mean 'cluster'?"),
                ("flink", "the spec has no engine 'flink'; expected one of 'cluster', 'duckdb', 'sc://host:15002', "
                          "'results:FOLDER'"),
                ("sprak", "the spec has no engine 'sprak'; did you mean 'spark'?"),
                ("spark", "'spark' does not say which cluster; write --engine sc://host:15002, or name one under "
                          "'engines:' in the spec; 'spark' alone is for `lyceum sql`, which writes a script"),
                ("results:", "--engine results: needs the folder that the script wrote, results:FOLDER"),
                ("spark://host:7077", other.format(" 'spark://host:7077'")),
                ("SC://host/;token=Geheim-77", other.format(" 'SC://host...'")),
                ("token=Geheim-77", other.format("")),
                ("sc://host/;tokn=Geheim-77", "--engine: Spark connection string: unknown key 'tokn'; did you mean "
                                              "'token'? A header of your own begins with 'x-'"),
                ("cluster", "environment variable 'ENGINE_TOKEN' is not set; set it, or write "
                            "'${ENGINE_TOKEN:-default}'")):
            # To write a script for Spark no cluster is needed.
            for command in ("run", "plan") if engine == "spark" else ("run", "plan", "sql"):
                with self.subTest(engine=engine, command=command):
                    self.assertEqual(self.fails(command, "engines.yaml", "--date", harness.DATE, "--input", self.inbox,
                                                "--target", self.target, "--engine", engine), message)
        self.assertEqual(self.fails("sql", "engines.yaml", "--date", harness.DATE, "--input", self.inbox, "--target",
                                    self.target, "--engine", "results:x"),
                         "'results:x' names what a script wrote, and no engine to write one for; write --engine spark, "
                         "or leave --engine out")
        done = self.lyceum("run", "engines.yaml", "--date", harness.DATE, "--input", self.inbox, "--target",
                           self.target, "--engine", "cluster", env={"ENGINE_TOKEN": ""})
        self.assertEqual((done.returncode, done.stderr),
                         (3, "error: environment variable 'ENGINE_TOKEN' is empty; set it, or write "
                             "'${ENGINE_TOKEN:-default}'\n"))
        self.assertIn("--engine: ", self.fails(
            "backfill", "engines.yaml", "--start-date", harness.DATE, "--end-date", harness.DATE, "--input",
            self.inbox, "--target", self.target, "--engine", "sc://"))

    def test_help(self):
        for arguments, usage in (("help", "Usage: lyceum "), ("--help", "Usage: lyceum "),
                                 ("help run", "Usage: lyceum run [OPTIONS] SPEC\n"),
                                 ("run --help", "Usage: lyceum run [OPTIONS] SPEC\n"),
                                 ("help quarantine list", "Usage: lyceum quarantine list [OPTIONS] [SPEC]\n")):
            with self.subTest(arguments):
                done = self.lyceum(*arguments.split())
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(usage, done.stdout)

    def test_help_of_engines(self):
        for command, words in (("run", "results:FOLDER"), ("sql", "spark for a script that spark-sql runs"),
                               ("plan", "results:FOLDER"), ("backfill", "or a Spark Connect URL")):
            with self.subTest(command):
                self.assertIn(words, " ".join(self.lyceum(command, "--help").stdout.split()))

    def test_no_server(self):
        """A run that never began leaves no folder behind."""
        done = self.lyceum("run", self.spec, "--date", harness.DATE, "--input", self.inbox, "--target", self.target,
                           "--engine", "sc://127.0.0.1:1")
        self.assertEqual((done.returncode, done.stderr), (
            1, "error: the Spark server at sc://127.0.0.1:1 does not answer: connection refused; is the server running, "
               "and are host and port right?\n"))
        self.assertFalse(self.database.with_name("warehouse.duckdb.runs").exists())
        self.database.unlink()

    def test_script_of_a_day_without_files(self):
        """What a run warns of, the script's reader is told too."""
        self.deliver("places.csv", "place_id,place_name\n1,Hall\n")
        self.deliver("reading_20250601.csv", "place_id\n")
        warned = self.run_date()[0]["warnings"]
        self.assertTrue(warned)
        for engine in ((), ("--engine", "spark")):
            done = self.lyceum("sql", self.spec, "--date", harness.DATE, "--input", self.inbox, "--target", self.target,
                               *engine)
            self.assertEqual((done.returncode, done.stderr.splitlines()),
                             (0, [f"warning  {text}" for text in warned]))

    def test_patterns_that_spark_refuses(self):
        """The place is shown once, as a warning that every command gives."""
        spec = harness.PIPELINE.read_text().replace("datasets:\n", """engines:
  cluster: {type: spark, url: 'sc://127.0.0.1:1'}
datasets:
  notes:
    files: ['notes_{batch_date}.csv']
    columns:
      note: {type: text}
    rules:
      - {type: pattern, column: note, pattern: '(a+)+b'}
""", 1)
        (self.folder / "pattern.yaml").write_text(spec)
        done = self.lyceum("run", "pattern.yaml", "--date", harness.DATE, "--input", self.inbox, "--target",
                           self.target, "--engine", "cluster")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertEqual(done.stderr.count("repeats a group"), 1, done.stderr)
        self.assertEqual(done.stderr.splitlines()[-1], "error: 'cluster' cannot run the spec; see the warning above")

    def test_next_of_generate(self):
        done = self.lyceum("generate", "--rows", "20", "--out", "made")
        self.assertIn("next: lyceum backfill pipelines/edtech.yaml --start-date 2025-06-01", done.stderr)
        self.assertEqual(self.fails("generate", "--rows", "20", "--out", "made2", "--start-date", "1999-01-01")
                         .split(";")[0][:34], "1 day from 1999-01-01 on leaves th")

    def test_sql_as_json(self):
        self.deliver("places.csv", "place_id,place_name\n1,Hall\n")
        done = self.lyceum("sql", self.spec, "--date", harness.DATE, "--input", self.inbox, "--target", self.target,
                           "--output", "json")
        script = json.loads(done.stdout)
        self.assertEqual((script["schema"], script["batch_date"]), ("lyceum.sql.v1", harness.DATE))
        self.assertEqual(set(script["statements"][0]), {"step", "purpose", "sql"})

    def test_verify_of_a_date_without_anything(self):
        self.deliver("places.csv", "place_id,place_name\n1,Hall\n")
        self.run_date()
        done = self.lyceum("verify", "--target", self.target, "--date", "2025-06-07")
        self.assertEqual(done.stdout.splitlines()[-1],
                         "nothing is published for 2025-06-07, so there is nothing to check")

    def test_memory_limit_that_is_too_low(self):
        self.deliver("places.csv", "place_id,place_name\n" + "".join(f"{n},{n}\n" for n in range(200000)))
        done = self.lyceum("run", self.spec, "--date", harness.DATE, "--input", self.inbox, "--target", self.target,
                           "--memory-limit", "1MB")
        self.assertEqual(done.returncode, 1)
        self.assertIn("; raise --memory-limit", done.stderr)


if __name__ == "__main__":
    unittest.main()
