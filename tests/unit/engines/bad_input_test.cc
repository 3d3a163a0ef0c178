// Hostile files: what becomes of each, to the byte.

#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

#include "unit/engines/delivery_fixture.h"

namespace lyceum {
namespace {

using namespace std::string_literals;

using BadInput = DeliveryTest;

struct FaultCase {
  const char* file;
  std::string bytes;
  std::string fault;  ///< "" if the file can be read
};

TEST_F(BadInput, FileFaults) {
  const std::string utf16 = "\xFF\xFEi\0d\0"s;
  const FaultCase cases[] = {
      {"empty.csv", "", "is empty: no header @0 line 1"},
      {"bom.csv", "\xEF\xBB\xBF", "is empty: no header @0 line 1"},
      {"blank.csv", "\n\r\n\r", "is empty: no header @0 line 1"},
      {"header.csv", "id,name\n", ""},
      {"open.csv", "id,name\n1,\"a\n2,b\n", "quote is not closed: it opens on line 2 @10 line 2"},
      {"open2.csv", "id,name\n\n1,\"a\nb\"\r\n2,\"",
       "quote is not closed: it opens on line 5 @20 line 5"},
      {"utf16.csv", utf16, "is UTF-16; save it as UTF-8 @0 line 1"},
      {"utf16be.csv", "\xFE\xFF\0i\0d"s, "is UTF-16; save it as UTF-8 @0 line 1"},
      {"utf16nobom.csv", "i\0d\0,\0n\0a\0m\0e\0\n\0"s, "is not text @0 line 1"},
      {"binary.csv", "\x7f\x45LF\x02\x01\x01\0\0\n\x01\x02"s, "is not text @0 line 1"},
      {"twice.csv", "id,name, ID \n1,2,3\n", "header has 'id' twice @0 line 1"},
      {"alias.csv", "id,name,Full Name\n1,2,3\n", "header has 'name' twice @0 line 1"},
      {"lacks.csv", "idd,name\n1,2\n",
       "header lacks 'id'; of its 2 fields only 'name' is known @0 line 1"},
      {"semicolon.csv", "id;name\n1;2\n",
       "header is one field, which holds known columns between ';'; the spec needs `delimiter: "
       "';'` "
       "@0 line 1"},
      {"tab.csv", "x\tName\n1\t2\n",
       "header is one field, which holds known columns between '\\t'; the spec needs `delimiter: "
       "\"\\t\"` @0 line 1"},
      {"gzip.csv", "\x1f\x8b\x08", "is gzip data; name it .gz @0 line 1"},
      {"zstd.csv", "\x28\xb5\x2f\xfd", "is zstd data; name it .zst @0 line 1"},
      {"empty.json", "", "is empty: expected a JSON array or one object per line @0 line 1"},
      {"array.json", "[]", ""},
      {"blank.json", " \n[ \n ]\n\n", ""},
      {"cut0.json", "[", "JSON is cut off or broken before its first element @1 line 1"},
      {"cut1.json", "[{\"id\":1},\n {\"id\":2",
       "JSON is cut off or broken after element 0 @12 line 2"},
      {"cut2.json", "[{\"id\":1}", "JSON is cut off or broken after element 0 @9 line 1"},
      {"comma.json", "[{\"id\":1},]", "JSON is cut off or broken after element 0 @10 line 1"},
      {"nocomma.json", "[{\"id\":1} {\"id\":2}]",
       "JSON is cut off or broken after element 0 @10 line 1"},
      {"behind.json", "[{\"id\":1}]\nx", "has text behind its JSON array @11 line 2"},
      {"object.json", "{\n \"id\": 1\n}\n",
       "is one JSON object, expected an array or one object per line @0 line 1"},
      {"object1.json", "{\"id\": 1}", ""},
      {"lines.json", "{\"id\":1}\n{\"id\":2", "JSON is cut off in line 2 @9 line 2"},
      {"word.json", "id,name\n1,a\n",
       "is no JSON: expected an array or one object per line @0 line 1"},
      {"binary.json", "\x01\x02\x03", "is not text @0 line 1"},
  };
  for (const FaultCase& test : cases) {
    const auto file = Open(test.file, test.bytes);
    EXPECT_EQ(FaultOf(*file), test.fault) << test.file;
    EXPECT_TRUE(!file->fault() || file->chunks().empty()) << test.file;
  }
}

std::string Gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

/// A CSV text of exactly `bytes` bytes.
std::string CsvOf(size_t bytes) {
  std::string text = "id,name\n";
  while (text.size() + 100 < bytes) text += "1,abcdefghijklmnopqrstuvwxyz\n";
  text += "2,";
  text.resize(bytes - 1, 'x');
  return text + "\n";
}

TEST_F(BadInput, CompressedFiles) {
  // 256 KiB is the block of the decompressor: a text that ends with a block is a case of its own.
  for (const size_t size : {1000u, 262143u, 262144u, 262145u, 524288u, 3000000u}) {
    const std::string text = CsvOf(size);
    const std::string half = text.substr(0, size / 2), rest = text.substr(size / 2);
    const std::string noise = "\x01\x02\x03garbage";
    const FaultCase cases[] = {
        {"a.csv.gz", Gzip(text), ""},
        {"b.csv.gz", Gzip(half) + Gzip(rest), ""},
        {"c.csv.zst", Zstd(text), ""},
        {"d.csv.zst", Zstd(half) + Zstd(rest), ""},
        {"e.csv.zst", Zstd(text) + Zstd(""), ""},
        {"f.csv.gz", Gzip(text).substr(0, Gzip(text).size() - 1), "gzip data is cut off @0 line 1"},
        {"g.csv.zst", Zstd(text).substr(0, Zstd(text).size() - 1),
         "zstd data is cut off @0 line 1"},
        {"h.csv.gz", Gzip(text) + noise, "gzip data is damaged @0 line 1"},
        {"i.csv.zst", Zstd(text) + noise, "zstd data is damaged @0 line 1"},
        {"j.csv.gz", text, "gzip data is damaged @0 line 1"},
        {"k.csv.gz", "", "gzip data is cut off @0 line 1"},
    };
    for (const FaultCase& test : cases) {
      const auto file = Open(test.file, test.bytes);
      EXPECT_EQ(FaultOf(*file), test.fault) << test.file << " of " << size;
      if (file->fault()) continue;
      ASSERT_EQ(file->text_bytes(), text.size()) << test.file << " of " << size;
      std::string read(text.size(), '\0');
      ASSERT_TRUE(file->Read(0, read.size(), read.data()).ok());
      EXPECT_TRUE(read == text) << test.file << " of " << size;
    }
  }
}

TEST_F(BadInput, CsvRows) {
  const std::string text =
      "\xEF\xBB\xBF ID ,Full Name\r\n"s
      "1,a\r\n"
      "\r\n"
      "2\n"
      "3,b,c\r"
      "4,\"x\ny\"\n"
      "5,\"q\"\"q\"\n"
      "6,a\"b\n"
      "7,\"a\"b\n"
      "8,\xa3\n"
      "9,n\0n\n"
      "x,\"\"\n"
      "99999999999, \t t \n"
      ",\n"
      "10,last";
  const auto file = Open("rows.csv", text);
  EXPECT_EQ(file->empty_lines(), 1);
  const std::vector<std::string> expected = {
      "19|2|~|1|a|~|~|1,a|~",
      R"(26|4|~|~|~|*|"has 1 field, expected 2"|2|~)",
      R"(28|5|~|~|~|*|"has 3 fields, expected 2"|3,b,c|~)",
      "34|6|~|4|x\ny|~|~|4,\"x\\x0ay\"|~",
      "42|8|~|5|q\"q|~|~|5,\"q\"\"q\"|~",
      R"(51|9|~|~|~|*|"has a misplaced quote"|6,a"b|~)",
      R"(57|10|~|~|~|*|"has a misplaced quote"|7,"a"b|~)",
      R"(64|11|~|~|~|*|"is not valid UTF-8"|8,\xa3|~)",
      R"(68|12|~|~|~|*|"contains a NUL byte"|9,n\x00n|~)",
      R"(74|13|~|~|~|,0,|"id: not an integer"|x,""|~)",
      R"(79|14|~|~|t|,0,|"id: outside the range of integer"|99999999999, \x09 t |~)",
      "97|15|~|~|~|~|~|,|~",
      "99|16|~|10|last|~|~|10,last|~",
  };
  EXPECT_EQ(Rows(file), expected);
}

TEST_F(BadInput, LinesAreRecordsWithoutQuotedNewlines) {
  dataset_.quoted_newlines = false;
  const auto file = Open("lines.csv", "id,name\n1,\"a\n2,b\n3,\"c\"\n4,\"d");
  const std::vector<std::string> expected = {
      R"(8|2|~|~|~|*|"newline inside quotes"|1,"a|~)",
      "13|3|~|2|b|~|~|2,b|~",
      "17|4|~|3|c|~|~|3,\"c\"|~",
      R"(23|5|~|~|~|*|"newline inside quotes"|4,"d|~)",
  };
  EXPECT_EQ(Rows(file), expected);
}

TEST_F(BadInput, JsonRows) {
  const std::string text =
      "[ {\"id\": 1, \"name\": \"a\\u00e9\\n\"},\n"
      "  {\"ID\": \"2\", \"Full Name\": 1.10, \"x\": "
      "[1,{\"y\":123456789012345678901234567890}]},\r\n"
      "  7,\n"
      "  {\"id\": 1, \"id\": 2},\n"
      "  {\"name\": 1, \"full name\": 2},\n"
      "  {\"id\": {\"a\": 1}},\n"
      "  {\"id\": 1.0, \"name\": true},\n"
      "  {\"id\" 1},\n"
      "  {\"id\": 12345678901234567890},\n"
      "  {\"id\": null, \"name\": \"\"},\n"
      "  {\"name\": \"n\\u0000n\"},\n"
      "  {\"id\": 1, \"zz\": tru},\n"
      "  {\"id\": 1, \"zz\": \"\\q\"},\n"
      "  {\"id\": 1, \"zz\": [1,]},\n"
      "  {\"id\": 1, \"zz\": 1, \"zz\": 2},\n"
      "  {\"id\": 01},\n"
      "  {\"name\": \"\xa3\"} ]\n";
  const auto file = Open("rows.json", text);
  const std::vector<std::string> rows = Rows(file);
  const std::vector<std::string> expected = {
      "|1|0|1|aé\n|~|~|",
      "|2|1|2|1.10|~|~|",
      R"(|3|2|~|~|*|"array element is not an object"|)",
      R"(|4|3|~|~|*|"has key 'id' twice"|)",
      R"(|5|4|~|~|*|"has key 'full name' twice"|)",
      R"(|6|5|~|~|,0,|"id: nested value"|)",
      R"(|7|6|~|true|,0,|"id: not an integer"|)",
      R"(|8|7|~|~|*|"is not valid JSON"|)",
      R"(|9|8|~|~|,0,|"id: outside the range of integer"|)",
      "|10|9|~|~|~|~|",
      R"(|11|10|~|~|,1,|"name: contains a NUL byte"|)",
      R"(|12|11|~|~|*|"is not valid JSON"|)",
      R"(|13|12|~|~|*|"is not valid JSON"|)",
      R"(|14|13|~|~|*|"is not valid JSON"|)",
      R"(|15|14|~|~|*|"has key 'zz' twice"|)",
      R"(|16|15|~|~|*|"is not valid JSON"|)",
      R"(|17|16|~|~|*|"is not valid UTF-8"|)",
  };
  ASSERT_EQ(rows.size(), expected.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_NE(rows[i].find(expected[i]), std::string::npos) << rows[i] << "\n" << expected[i];
  }
  EXPECT_EQ(delivery_->unknown_keys, (std::map<std::string, int64_t>{{"x", 1}}));
}

TEST_F(BadInput, JsonLines) {
  const auto file =
      Open("lines.json", "{\"id\": 1\n{\"id\":2}\r\n \t\n[1]\n{\"id\":3} x\n{\"id\":4}");
  EXPECT_EQ(FaultOf(*file), "");
  EXPECT_EQ(file->empty_lines(), 1);
  const std::vector<std::string> expected = {
      R"(0|1|~|~|~|*|"is not valid JSON"|{"id": 1|~)",
      R"(9|2|~|2|~|~|~|{"id":2}|~)",
      R"(22|4|~|~|~|*|"is not a JSON object"|[1]|~)",
      R"(26|5|~|~|~|*|"is not valid JSON"|{"id":3} x|~)",
      R"(37|6|~|4|~|~|~|{"id":4}|~)",
  };
  EXPECT_EQ(Rows(file), expected);
}

TEST_F(BadInput, LongRecordIsStoredWhole) {
  const std::string record = "x," + std::string(40000, 'y');
  const std::vector<std::string> rows = Rows(Open("long.csv", "id,name\n" + record + "\n"));
  ASSERT_EQ(rows.size(), 1u);
  const std::string name = rows[0].substr(rows[0].rfind('|') + 1);
  std::ifstream stored(folder_ + "/long/" + name, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(stored)), {});
  EXPECT_TRUE(bytes == record);
}

TEST_F(BadInput, EqualLongRecordsOnManyThreads) {
  std::string text = "id,name\n";
  for (int i = 0; i < 20000; ++i) {
    text += i % 500 == 0 ? "x," + std::string(40000, 'y') + "\n" : "x,y\n";
  }
  EXPECT_EQ(Rows(Open("equal.csv", text, 4096)).size(), 20000u);
}

TEST_F(BadInput, HugeLine) {
  const std::string text = "id,name\n1,a\n2," + std::string(100 << 20, 'z') + "\n3,c\n";
  const std::vector<std::string> rows = Rows(Open("huge.csv", text));
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0], "8|2|~|1|a|~|~|1,a|~");
  EXPECT_NE(rows[1].find(R"(12|3|~|2|~|,1,|"name: longer than 65535 bytes"|2,zzz)"),
            std::string::npos);
  EXPECT_EQ(rows[2], "104857615|4|~|3|c|~|~|3,c|~");
}

TEST_F(BadInput, FilesThatCannotBeRead) {
  std::filesystem::create_directory(Path("dir"));
  EXPECT_EQ(FingerprintFile(Path("dir")).status().message(),
            "'" + Path("dir") + "' is a directory, expected a file");
  EXPECT_EQ(FingerprintFile(Path("none")).status().message(),
            "cannot read '" + Path("none") + "': no such file or directory");
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(FingerprintFile(Path("pipe")).status().message(),
            "'" + Path("pipe") + "' is no regular file, expected one");
}

TEST_F(BadInput, FileThatChanges) {
  const std::string message =
      "'" + Path("a.csv") + "' changed while it was read; run again when nobody writes to it";
  const std::string text = "id,name\n1,a\n2,b\n";
  const auto fingerprint = FingerprintFile(Put("a.csv", text));
  auto file = RecordFile::Open(*fingerprint, dataset_, folder_);
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE((*file)->CheckUnchanged().ok());
  std::filesystem::resize_file(Path("a.csv"), 10);
  EXPECT_EQ((*file)->CheckUnchanged().message(), message);
  char out[16];
  EXPECT_EQ((*file)->Read(0, 16, out).message(), message);
  EXPECT_EQ(RecordFile::Open(*fingerprint, dataset_, folder_).status().message(), message);
  // Equal in size and even in its times: the bytes decide.
  FileFingerprint same = *FingerprintFile(Put("a.csv", text));
  same.content_id[0] ^= 1;
  EXPECT_EQ(CheckFingerprint(same).message(), message);
}

}  // namespace
}  // namespace lyceum
