#include "run/generate.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <filesystem>
#include <functional>

#include "run/generator_random.h"
#include "unit/run/generated_rows.h"

namespace lyceum {
namespace {

namespace fs = std::filesystem;
using Kind = ColumnRule::Kind;
using Keys = std::set<std::string>;

const std::vector<ColumnRule> kStudents = {{"student_id", Kind::kInteger, {}, true},
                                           {"name", Kind::kText, {}, true},
                                           {"email", Kind::kText, {}, false},
                                           {"enrollment_date", Kind::kDate, {}, false}};
const std::vector<ColumnRule> kInstructors = {{"instructor_id", Kind::kInteger, {}, true},
                                              {"name", Kind::kText, {}, true},
                                              {"email", Kind::kText, {}, false},
                                              {"mobile number", Kind::kText, {}, false}};
const std::vector<ColumnRule> kCourses = {{"course_id", Kind::kInteger, {}, true},
                                          {"course_name", Kind::kText, {}, true},
                                          {"instructor_id", Kind::kInteger, {}, false}};
const std::vector<ColumnRule> kEngagement = {{"student_id", Kind::kInteger, 1, true},
                                             {"course_id", Kind::kInteger, {}, true},
                                             {"timestamp", Kind::kTime, {}, true},
                                             {"event_type", Kind::kWord, {}, true}};
const std::vector<ColumnRule> kQuiz = {{"student_id", Kind::kInteger, 1, true},
                                       {"quiz_id", Kind::kInteger, {}, true},
                                       {"score", Kind::kScore, {}, true},
                                       {"attempt_time", Kind::kTime, {}, true}};
const std::vector<ColumnRule> kVideo = {{"student_id", Kind::kInteger, 1, true},
                                        {"video_id", Kind::kInteger, {}, true},
                                        {"watch_time_seconds", Kind::kInteger, 0, true},
                                        {"watched_at", Kind::kTime, {}, true}};

/// A profile that stays as it is, for tests of exact bytes.
constexpr char kSmallProfile[] = R"(generator: 1
calendar: {from: 2025-01-01, to: 2025-12-31}
lists:
  words: [Ann, Bob, 'C, D']
datasets:
  people:
    file: people.csv
    format: csv
    records: {count: 3}
    columns:
      id: {type: sequence}
      name: {type: template, text: '{words:next}-{words:plain}-{digits:2}-{row}'}
      born: {type: date, from: 2000-01-01, to: 2000-12-31, formats: [dd.MM.yyyy]}
  visits:
    file: 'day={batch_date}/visits.json'
    format: json
    records: {rows_per_record: 2}
    columns:
      person: {type: member, of: people}
      at: {type: time, format: yyyyMMdd HHmmss}
      mood: {type: choice, weights: {good: 2, bad: 1}}
      cost: {type: number, from: -3, to: 3, decimals: 2, decimals_percent: 50}
    rejected:
      - {type: missing, columns: [at]}
)";

class GenerateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() /
              ("lyceum-generate-" + std::to_string(::getpid()) + "-" + test->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    options_.rows = 400;
    options_.days = 2;
    options_.seed = 42;
    options_.dirty_percent = 10;
    options_.out_directory = folder_ / "out";
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::vector<GeneratedFile> Run() {
    Diagnostics problems;
    auto files = Generate(options_, &problems);
    EXPECT_TRUE(files.ok()) << files.status().message();
    EXPECT_TRUE(problems.items().empty());
    return files.ok() ? *files : std::vector<GeneratedFile>();
  }
  /// Generates into a folder of its own and returns the contents by relative path.
  std::map<std::string, std::string> RunInto(const std::string& name) {
    options_.out_directory = folder_ / name;
    std::map<std::string, std::string> contents;
    for (const GeneratedFile& file : Run()) {
      contents[fs::relative(file.path, options_.out_directory)] = ReadWhole(file.path);
    }
    return contents;
  }
  Status Failure() {
    Diagnostics problems;
    auto files = Generate(options_, &problems);
    EXPECT_FALSE(files.ok());
    return files.status();
  }
  std::string Out(const std::string& name) const { return fs::path(options_.out_directory) / name; }

  fs::path folder_;
  GenerateOptions options_;
};

TEST_F(GenerateTest, DefaultFirstDay) { EXPECT_EQ(FormatDate(options_.first_day), "2025-06-01"); }

TEST_F(GenerateTest, SmallProfileByteForByte) {
  options_.profile_text = kSmallProfile;
  options_.rows = 8;
  options_.days = 1;
  options_.dirty_percent = 25;
  const std::map<std::string, std::string> expected = {{"people.csv",
                                                        "id,name,born\n"
                                                        "1,Ann-ann-82-1,07.12.2000\n"
                                                        "2,Bob-cd-68-2,17.06.2000\n"
                                                        "3,\"C, D-bob-99-3\",04.02.2000\n"},
                                                       {"day=20250601/visits.json", R"([
  {
    "person": 1,
    "at": "20250601 035003",
    "mood": "good",
    "cost": 0.52
  },
  {
    "person": 1,
    "at": "20250601 161652",
    "mood": "bad",
    "cost": 1
  },
  {
    "person": 1,
    "at": "20250601 172956",
    "mood": "good",
    "cost": -0.17
  },
  {
    "person": 2,
    "mood": "good",
    "cost": -1.95
  }
])"}};
  EXPECT_EQ(RunInto("out"), expected);
}

TEST_F(GenerateTest, SameOptionsSameBytes) {
  const auto first = RunInto("a");
  EXPECT_EQ(first, RunInto("b"));
  options_.seed = 43;
  const auto other = RunInto("c");
  ASSERT_EQ(other.size(), first.size());
  for (const auto& [name, text] : first) EXPECT_NE(other.at(name), text) << name;
}

TEST_F(GenerateTest, MoreDaysOrAnotherFirstDayLeaveADayAlone) {
  const auto two = RunInto("two");
  options_.days = 5;
  const auto five = RunInto("five");
  EXPECT_EQ(two.size(), 3u + 2 * 3);
  EXPECT_EQ(five.size(), 3u + 5 * 3);
  for (const auto& [name, text] : two) EXPECT_EQ(five.at(name), text) << name;
  options_.days = 1;
  options_.first_day += 3;
  const auto fourth = RunInto("fourth");
  for (const auto& [name, text] : fourth) EXPECT_EQ(five.at(name), text) << name;
}

TEST_F(GenerateTest, CountsAndOrderOfFiles) {
  options_.rows = 4000;
  struct Expected {
    const char* name;
    int64_t records, rejected, duplicates, repeats;
  };
  const Expected expected[] = {
      {"students.csv", 88, 8, 0, 0},
      {"instructors.csv", 22, 2, 0, 0},
      {"courses_large.csv", 26, 2, 0, 0},
      {"student_engagement_20250601.csv", 4000, 400, 80, 80},
      {"quiz_attempts_20250601.csv", 2000, 200, 40, 40},
      {"video_watch_logs_20250601.json", 1000, 100, 20, 20},
      {"student_engagement_20250602.csv", 4000, 400, 80, 80},
      {"quiz_attempts_20250602.csv", 2000, 200, 40, 40},
      {"video_watch_logs_20250602.json", 1000, 100, 20, 20},
  };
  const auto files = Run();
  ASSERT_EQ(files.size(), std::size(expected));
  for (size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(files[i].path, Out(expected[i].name));
    EXPECT_EQ(files[i].records, expected[i].records) << expected[i].name;
    EXPECT_EQ(files[i].rejected, expected[i].rejected) << expected[i].name;
    EXPECT_EQ(files[i].duplicates, expected[i].duplicates) << expected[i].name;
    EXPECT_EQ(files[i].repeats, expected[i].repeats) << expected[i].name;
    EXPECT_EQ(files[i].bytes, fs::file_size(files[i].path)) << expected[i].name;
  }
}

/// The daily files of a folder, judged.
struct JudgedDay {
  JudgedFile engagement, quiz, video;
};

JudgedDay JudgeDay(const std::string& folder, const std::string& date) {
  return {JudgeCsv(folder + "/student_engagement_" + date + ".csv", kEngagement),
          JudgeCsv(folder + "/quiz_attempts_" + date + ".csv", kQuiz),
          JudgeJson(folder + "/video_watch_logs_" + date + ".json", kVideo)};
}

Keys FaultNames(const JudgedFile& file) {
  Keys names;
  for (const auto& [name, count] : file.Faults()) names.insert(name);
  return names;
}

template <typename Rows>
auto Distinct(const Rows& rows) {
  return std::set<typename Rows::value_type>(rows.begin(), rows.end());
}

TEST_F(GenerateTest, EveryKindOfDirtOccurs) {
  options_.rows = 20000;
  options_.days = 1;
  Run();
  const JudgedDay day = JudgeDay(options_.out_directory, "20250601");
  EXPECT_EQ(FaultNames(day.engagement), (Keys{"missing student_id",
                                              "missing course_id",
                                              "missing timestamp",
                                              "missing event_type",
                                              "no integer student_id",
                                              "no integer course_id",
                                              "below range student_id",
                                              "beyond 32 bits student_id",
                                              "beyond 32 bits course_id",
                                              "beyond 64 bits student_id",
                                              "beyond 64 bits course_id",
                                              "no such time timestamp",
                                              "no such year timestamp",
                                              "outside calendar timestamp",
                                              "no timestamp timestamp",
                                              "unknown word event_type",
                                              "misplaced quote",
                                              "invalid utf8",
                                              "nul",
                                              "too few fields",
                                              "too many fields",
                                              "blank row"}));
  EXPECT_EQ(day.engagement.Oddities(), (Keys{"outer blanks", "plus sign", "leading zeros",
                                             "fraction of zeros", "quoted", "empty line"}));
  EXPECT_EQ(FaultNames(day.quiz), (Keys{"missing student_id",
                                        "missing quiz_id",
                                        "missing score",
                                        "missing attempt_time",
                                        "no integer student_id",
                                        "no integer quiz_id",
                                        "below range student_id",
                                        "beyond 32 bits student_id",
                                        "beyond 32 bits quiz_id",
                                        "beyond 64 bits student_id",
                                        "beyond 64 bits quiz_id",
                                        "out of range score",
                                        "too many decimals score",
                                        "no decimal score",
                                        "no such time attempt_time",
                                        "no such year attempt_time",
                                        "outside calendar attempt_time",
                                        "no timestamp attempt_time",
                                        "misplaced quote",
                                        "invalid utf8",
                                        "nul",
                                        "too few fields",
                                        "too many fields",
                                        "blank row"}));
  EXPECT_EQ(day.quiz.Oddities(), (Keys{"outer blanks", "leading zeros", "quoted", "empty line"}));
  EXPECT_EQ(FaultNames(day.video), (Keys{"missing student_id",
                                         "missing video_id",
                                         "missing watch_time_seconds",
                                         "missing watched_at",
                                         "null student_id",
                                         "null video_id",
                                         "null watch_time_seconds",
                                         "null watched_at",
                                         "nested student_id",
                                         "nested video_id",
                                         "nested watched_at",
                                         "no integer student_id",
                                         "no integer video_id",
                                         "no integer watch_time_seconds",
                                         "below range student_id",
                                         "below range watch_time_seconds",
                                         "beyond 32 bits student_id",
                                         "beyond 32 bits watch_time_seconds",
                                         "beyond 64 bits student_id",
                                         "beyond 64 bits watch_time_seconds",
                                         "no such time watched_at",
                                         "no such year watched_at",
                                         "outside calendar watched_at",
                                         "no timestamp watched_at",
                                         "invalid utf8",
                                         "nul",
                                         "duplicate key",
                                         "no object"}));
  EXPECT_EQ(day.video.Oddities(),
            (Keys{"number as string", "escape", "outer blanks", "plus sign"}));
}

TEST_F(GenerateTest, StaticFilesKeepAllMembersBesideTheDirt) {
  options_.rows = 200000;
  options_.days = 1;
  Run();
  const JudgedFile students = JudgeCsv(Out("students.csv"), kStudents);
  EXPECT_EQ(students.head, "student_id,name,email,enrollment_date\r\n");
  EXPECT_EQ(students.rows.size(), 4000u + 400 + 40);
  EXPECT_EQ(students.NumRejected(), 400);
  std::set<int> members;
  for (const auto& row : students.Accepted()) members.insert(std::stoi(row[0]));
  EXPECT_EQ(members.size(), 4000u);
  EXPECT_EQ(*members.begin(), 1);
  EXPECT_EQ(*members.rbegin(), 4000);
  EXPECT_EQ(FaultNames(students),
            (Keys{"missing student_id", "missing name", "no integer student_id",
                  "beyond 32 bits student_id", "no date enrollment_date",
                  "no such date enrollment_date", "misplaced quote", "invalid utf8", "nul",
                  "too few fields", "too many fields", "blank row"}));
  EXPECT_EQ(students.Oddities(), (Keys{"outer blanks", "leading zeros", "quoted", "newline",
                                       "empty line", "year first", "day first"}));

  const JudgedFile instructors = JudgeCsv(Out("instructors.csv"), kInstructors);
  EXPECT_EQ(instructors.head, "instructor_id,name,email,mobile number\r\n");
  EXPECT_EQ(instructors.Accepted().size(), 20u);
  EXPECT_EQ(instructors.NumRejected(), 2);
  const JudgedFile courses = JudgeCsv(Out("courses_large.csv"), kCourses);
  EXPECT_EQ(courses.head, "course_id,course_name,instructor_id\n");
  EXPECT_EQ(courses.Accepted().size(), 24u);
  EXPECT_EQ(courses.NumRejected(), 2);
}

TEST_F(GenerateTest, ExactlyTheIntendedRejectsDuplicatesAndRepeats) {
  options_.rows = 8000;
  for (double dirty : {0.0, 0.5, 10.0, 40.0}) {
    SCOPED_TRACE(dirty);
    options_.dirty_percent = dirty;
    const auto files = Run();
    ASSERT_EQ(files.size(), 9u);
    const JudgedDay first = JudgeDay(options_.out_directory, "20250601");
    const JudgedDay second = JudgeDay(options_.out_directory, "20250602");
    size_t index = 3;
    std::vector<std::set<std::vector<std::string>>> before;
    for (const JudgedDay* day : {&first, &second}) {
      for (const JudgedFile* judged : {&day->engagement, &day->quiz, &day->video}) {
        const GeneratedFile& file = files[index++];
        SCOPED_TRACE(file.path);
        const auto accepted = judged->Accepted();
        const auto distinct = Distinct(accepted);
        EXPECT_EQ(static_cast<int64_t>(judged->rows.size()), file.records);
        EXPECT_EQ(judged->NumRejected(), file.rejected);
        EXPECT_EQ(file.rejected, static_cast<int64_t>(file.records * dirty / 100));
        EXPECT_EQ(static_cast<int64_t>(accepted.size() - distinct.size()), file.duplicates);
        EXPECT_EQ(file.duplicates, file.rejected / 5);
        if (day == &first) {
          before.push_back(distinct);
          continue;
        }
        int64_t repeats = 0;
        for (const auto& row : distinct) repeats += before[index - 7].count(row);
        EXPECT_EQ(repeats, file.repeats);
        EXPECT_EQ(file.repeats, file.rejected / 5);
      }
    }
  }
}

TEST_F(GenerateTest, NoDirtAtAllAtZeroPercent) {
  options_.rows = 5000;
  options_.dirty_percent = 0;
  Run();
  for (const char* date : {"20250601", "20250602"}) {
    const JudgedDay day = JudgeDay(options_.out_directory, date);
    for (const JudgedFile* file : {&day.engagement, &day.quiz, &day.video}) {
      EXPECT_EQ(file->Faults(), (std::map<std::string, int>()));
      EXPECT_EQ(file->Oddities(), Keys());
      for (const auto& row : file->Accepted()) EXPECT_LE(std::stoi(row[0]), 100);
    }
    for (const auto& row : day.engagement.Accepted()) EXPECT_LE(std::stoi(row[1]), 24);
  }
  EXPECT_EQ(JudgeCsv(Out("students.csv"), kStudents).Oddities(), (Keys{"year first", "day first"}));
  EXPECT_EQ(JudgeCsv(Out("courses_large.csv"), kCourses).Oddities(), Keys{"quoted"});
}

TEST_F(GenerateTest, UnknownMembersAreNumberedAboveTheKnownOnes) {
  options_.rows = 20000;
  Run();
  const auto accepted = JudgeCsv(Out("student_engagement_20250602.csv"), kEngagement).Accepted();
  int unknown = 0;
  for (const auto& row : accepted) {
    const bool student = std::stoi(row[0]) > 400, course = std::stoi(row[1]) > 24;
    EXPECT_FALSE(student && course);
    unknown += student || course;
  }
  // A tenth of the 2,000 rejected rows, drawn row by row.
  EXPECT_GT(unknown, 150);
  EXPECT_LT(unknown, 260);
}

TEST_F(GenerateTest, LateEventsStayInTheCalendar) {
  options_.rows = 20000;
  options_.first_day = *ParseBatchDate("2000-01-01");
  const auto files = Run();
  ASSERT_EQ(files.size(), 9u);
  EXPECT_EQ(files[3].repeats, 0) << "there is no day before the first one";
  EXPECT_EQ(files[6].repeats, 400);
  std::map<std::string, int> days[2];
  int batch = 0;
  for (const char* date : {"20000101", "20000102"}) {
    const std::string path = Out(std::string("student_engagement_") + date + ".csv");
    for (const auto& row : JudgeCsv(path, kEngagement).Accepted()) {
      ++days[batch][row[2].substr(0, 10)];
    }
    ++batch;
  }
  EXPECT_EQ(days[0], (std::map<std::string, int>{{"2000-01-01", 18000}}));
  EXPECT_EQ(days[1].size(), 2u);
  // The 400 repeats, and three percent of late events.
  EXPECT_GT(days[1]["2000-01-01"], 400 + 400);
  EXPECT_LT(days[1]["2000-01-01"], 400 + 650);
}

TEST_F(GenerateTest, TinyAndFullyDirtyDeliveries) {
  options_.rows = 1;
  for (double dirty : {0.0, 40.0, 99.0}) {
    options_.dirty_percent = dirty;
    for (const GeneratedFile& file : Run()) EXPECT_EQ(file.rejected > 0, file.records > 1 && dirty);
    const JudgedDay day = JudgeDay(options_.out_directory, "20250601");
    for (const JudgedFile* file : {&day.engagement, &day.quiz, &day.video}) {
      EXPECT_EQ(file->Accepted().size(), 1u);
    }
  }
  options_.rows = 300;
  options_.dirty_percent = 100;
  Run();
  const JudgedDay day = JudgeDay(options_.out_directory, "20250602");
  EXPECT_EQ(day.engagement.NumRejected(), 300);
  EXPECT_EQ(day.quiz.NumRejected(), 150);
  EXPECT_EQ(day.video.NumRejected(), 75);
}

TEST_F(GenerateTest, ReplacesOldFilesAndLeavesNoPartialOnes) {
  fs::create_directories(options_.out_directory);
  std::ofstream(Out("students.csv")) << "old";
  std::ofstream(Out("notes.txt")) << "mine";
  Run();
  EXPECT_NE(ReadWhole(Out("students.csv")), "old");
  EXPECT_EQ(ReadWhole(Out("notes.txt")), "mine");
  size_t num_files = 0;
  for (const auto& entry : fs::directory_iterator(options_.out_directory)) {
    EXPECT_NE(entry.path().filename().string()[0], '.') << entry.path();
    ++num_files;
  }
  EXPECT_EQ(num_files, 10u);
}

struct OptionCase {
  std::function<void(GenerateOptions*)> change;
  const char* message;
};

TEST_F(GenerateTest, RefusesBadOptions) {
  const OptionCase cases[] = {
      {[](auto* o) { o->rows = 0; }, "'--rows' must be from 1 to 1000000000, not 0"},
      {[](auto* o) { o->rows = 1000000001; },
       "'--rows' must be from 1 to 1000000000, not 1000000001"},
      {[](auto* o) { o->days = 0; }, "'--days' must be from 1 to 10000, not 0"},
      {[](auto* o) { o->days = 10001; }, "'--days' must be from 1 to 10000, not 10001"},
      {[](auto* o) { o->dirty_percent = -0.5; }, "'--dirty' must be from 0 to 100, not -0.5"},
      {[](auto* o) { o->dirty_percent = 100.5; }, "'--dirty' must be from 0 to 100, not 100.5"},
      {[](auto* o) { o->dirty_percent = std::nan(""); },
       "'--dirty' must be from 0 to 100, not nan"},
      {[](auto* o) { o->out_directory = ""; }, "'--out' must name a folder"},
      {[](auto* o) { o->days = 10000; },
       "10000 days from 2025-06-01 on leave the profile's calendar, 2000-01-01 to 2050-12-31; "
       "lower "
       "'--days' or move the first day"},
      {[](auto* o) { o->first_day = *ParseBatchDate("1999-12-31"); },
       "2 days from 1999-12-31 on leave the profile's calendar, 2000-01-01 to 2050-12-31; lower "
       "'--days' or move the first day"},
  };
  const GenerateOptions good = options_;
  for (const OptionCase& test : cases) {
    options_ = good;
    test.change(&options_);
    const Status status = Failure();
    EXPECT_EQ(status.message(), test.message);
    EXPECT_EQ(status.code(), ErrorCode::kBadSpec) << test.message;
    EXPECT_FALSE(fs::exists(good.out_directory)) << "nothing may be written before the checks";
  }
}

TEST_F(GenerateTest, BadProfileIsNamed) {
  options_.profile_text = "generator: 2\n";
  options_.profile_name = "mine.yaml";
  Diagnostics problems;
  const auto files = Generate(options_, &problems);
  ASSERT_FALSE(files.ok());
  EXPECT_EQ(files.status().message(), "the generator profile 'mine.yaml' is wrong");
  EXPECT_EQ(files.status().code(), ErrorCode::kBadSpec);
  EXPECT_TRUE(problems.has_errors());
}

TEST_F(GenerateTest, SaysWhenRowsCannotAllDiffer) {
  options_.profile_text = kSmallProfile;
  options_.rows = 2 * (3 * 86400 + 1);
  options_.days = 1;
  options_.dirty_percent = 0;
  EXPECT_EQ(Failure().message(),
            "dataset 'visits' of the profile has no 259201 different rows a day; lower '--rows' or "
            "let it have more members");
  EXPECT_TRUE(fs::is_empty(folder_ / "out" / "day=20250601"));
  // One row less is just possible, so every pair of member and second is there once.
  options_.rows -= 2;
  const auto files = Run();
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[1].records, 259200);
}

TEST_F(GenerateTest, SaysWhenTheFolderCannotBeMade) {
  std::ofstream(folder_ / "file") << "x";
  options_.out_directory = folder_ / "file" / "out";
  const Status status = Failure();
  EXPECT_EQ(status.message(),
            "cannot create the folder '" + options_.out_directory + "': Not a directory");
  EXPECT_EQ(status.code(), ErrorCode::kUnavailable);
}

TEST_F(GenerateTest, SaysWhenAFileCannotBeReplaced) {
  fs::create_directories(Out("students.csv") + "/folder");
  const Status status = Failure();
  EXPECT_EQ(status.message(), "cannot write '" + Out("students.csv") + "': Is a directory");
  EXPECT_EQ(status.code(), ErrorCode::kUnavailable);
}

TEST_F(GenerateTest, SaysWhenTheDiskIsFull) {
  options_.rows = 200000;
  // A limit on the size of files fails like a full disk, in the middle of a write.
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit = before;
  limit.rlim_cur = 1500000;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  const Status status = Failure();
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_EQ(status.message(),
            "cannot write '" + Out("student_engagement_20250601.csv") + "': File too large");
  EXPECT_EQ(status.code(), ErrorCode::kUnavailable);
  for (const auto& entry : fs::directory_iterator(options_.out_directory)) {
    EXPECT_NE(entry.path().extension(), ".partial");
  }
}

TEST(DistinctPairsTest, TakesEveryPairOnce) {
  for (auto [left, right] :
       {std::pair(1, 1), std::pair(1, 7), std::pair(13, 1), std::pair(50, 97)}) {
    const DistinctPairs pairs(7, left, right);
    std::set<std::pair<uint64_t, uint64_t>> seen;
    for (uint64_t i = 0; i < pairs.size(); ++i) {
      const auto pair = pairs.At(i);
      EXPECT_LT(pair.first, static_cast<uint64_t>(left));
      EXPECT_LT(pair.second, static_cast<uint64_t>(right));
      seen.insert(pair);
    }
    EXPECT_EQ(seen.size(), static_cast<size_t>(left * right));
  }
}

TEST(RandomTest, SameNumbersEverywhere) {
  Random random(1);
  EXPECT_EQ(random.Next(), 0x910a2dec89025cc1u) << "the first number of SplitMix64 from 1";
  EXPECT_EQ(random.Below(1000), 745u);
  EXPECT_EQ(HashText("a"), 198367012849983736u);
  EXPECT_EQ(ChanceOf(1, 4), kAlways / 4);
  EXPECT_EQ(ChanceOf(5, 4), kAlways);
  EXPECT_EQ(ChanceOf(1, 0), 0u);
}

}  // namespace
}  // namespace lyceum
