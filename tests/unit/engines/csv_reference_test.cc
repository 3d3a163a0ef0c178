// Random nasty bytes, read by RecordFile in chunks of every size and by a slow parser that does one
// byte at a time. Both must find the same records.

#include <random>

#include "unit/engines/delivery_fixture.h"

namespace lyceum {
namespace {

struct Found {
  uint64_t offset = 0;
  int64_t line = 1;
  std::string bytes;
  size_t fields = 0;
  bool misplaced = false, open = false;
  std::vector<std::string> texts;
  bool operator==(const Found&) const = default;
};

struct Expected {
  std::vector<Found> records;
  int64_t empty_lines = 0;
  bool unclosed = false;
};

/// Reads text byte by byte as the rules say, without any thought of speed.
class SlowReader {
 public:
  SlowReader(const std::string& text, bool quoted_newlines)
      : text_(text), quoted_newlines_(quoted_newlines) {}

  Expected Read() {
    Expected expected;
    while (at_ < text_.size()) {
      if (LineEnd()) {
        ++expected.empty_lines;
        EndLine();
        continue;
      }
      Found found;
      found.offset = at_;
      found.line = line_;
      ReadRecord(&found);
      found.bytes = text_.substr(found.offset, at_ - found.offset);
      if (found.open && quoted_newlines_) expected.unclosed = true;
      expected.records.push_back(found);
      if (LineEnd()) EndLine();
    }
    return expected;
  }

 private:
  bool More() const { return at_ < text_.size(); }
  bool LineEnd() const { return More() && (text_[at_] == '\n' || text_[at_] == '\r'); }
  void EndLine() {
    at_ += text_.compare(at_, 2, "\r\n") == 0 ? 2 : 1;
    ++line_;
  }

  void ReadRecord(Found* found) {
    for (;;) {
      std::string text;
      if (More() && text_[at_] == '"') {
        ReadQuoted(found, &text);
      } else {
        ReadPlain(found, &text);
      }
      ++found->fields;
      found->texts.push_back(text);
      if (!More() || text_[at_] != ',') return;
      ++at_;
    }
  }

  void ReadPlain(Found* found, std::string* text) {
    while (More() && !LineEnd() && text_[at_] != ',') {
      if (text_[at_] == '"') found->misplaced = true;
      text->push_back(text_[at_++]);
    }
  }

  void ReadQuoted(Found* found, std::string* text) {
    ++at_;
    for (;;) {
      if (!More() || (LineEnd() && !quoted_newlines_)) {
        found->open = true;
        return;
      }
      if (LineEnd()) {
        const size_t begin = at_;
        EndLine();
        text->append(text_, begin, at_ - begin);
      } else if (text_[at_] != '"') {
        text->push_back(text_[at_++]);
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
        text->push_back('"');
        at_ += 2;
      } else {
        ++at_;
        break;
      }
    }
    if (!More() || LineEnd() || text_[at_] == ',') return;
    found->misplaced = true;
    while (More() && !LineEnd() && text_[at_] != ',') ++at_;
  }

  const std::string& text_;
  bool quoted_newlines_;
  size_t at_ = 0;
  int64_t line_ = 1;
};

class CsvReference : public DeliveryTest {
 protected:
  std::vector<Found> ReadAll(const std::shared_ptr<const RecordFile>& file) {
    std::vector<Found> all;
    RecordCursor cursor(file, {',', dataset_.quoted_newlines});
    for (size_t i = 0; i < file->chunks().size(); ++i) {
      EXPECT_TRUE(cursor.Load(i).ok());
      while (cursor.Next()) {
        Found found{cursor.offset(),
                    cursor.line(),
                    std::string(cursor.bytes()),
                    cursor.csv().fields.size(),
                    cursor.csv().misplaced_quote,
                    cursor.csv().open_quote,
                    {}};
        std::string scratch;
        for (const CsvField& field : cursor.csv().fields) {
          found.texts.emplace_back(FieldText(field, &scratch));
        }
        all.push_back(found);
      }
    }
    return all;
  }

  /// Each record found again by its position alone, last first.
  void CheckSeek(const std::shared_ptr<const RecordFile>& file, const std::vector<Found>& all) {
    RecordCursor cursor(file, {',', dataset_.quoted_newlines});
    for (size_t i = all.size(); i-- > 0;) {
      ASSERT_TRUE(cursor.Seek(all[i].offset).ok());
      ASSERT_EQ(cursor.line(), all[i].line);
      ASSERT_EQ(cursor.bytes(), all[i].bytes);
    }
  }
};

TEST_F(CsvReference, SameRecordsInChunksOfEverySize) {
  std::mt19937 random(20250601);
  const std::string alphabets[] = {"a,\"\n\r", "ab,,\"\"\n", "abc,\"\r\n\r\n", "a,\n\r"};
  int unclosed = 0;
  for (int round = 0; round < 300; ++round) {
    const std::string& alphabet = alphabets[round % 4];
    std::string text = round % 3 == 0 ? "id,name\r" : "id,name\r\n";
    const size_t size = random() % 80;
    for (size_t i = 0; i < size; ++i) text.push_back(alphabet[random() % alphabet.size()]);
    dataset_.quoted_newlines = round % 5 != 0;
    Expected expected = SlowReader(text, dataset_.quoted_newlines).Read();
    expected.records.erase(expected.records.begin());  // the header
    for (const uint64_t chunk_bytes : {1u, 2u, 7u, 1000u}) {
      const auto file = Open("random.csv", text, chunk_bytes);
      SCOPED_TRACE(EscapeBytes(text));
      ASSERT_EQ(file->fault().has_value(), expected.unclosed);
      if (expected.unclosed) {
        ++unclosed;
        continue;
      }
      ASSERT_EQ(file->empty_lines(), expected.empty_lines);
      const std::vector<Found> all = ReadAll(file);
      ASSERT_EQ(all.size(), expected.records.size());
      for (size_t i = 0; i < all.size(); ++i) {
        Found got = all[i];
        // What a broken field says is nobody's business.
        if (got.misplaced) got.texts = expected.records[i].texts;
        ASSERT_TRUE(got == expected.records[i]) << EscapeBytes(got.bytes);
      }
      CheckSeek(file, all);
    }
  }
  EXPECT_GT(unclosed, 50);
}

TEST_F(CsvReference, SameRecordsAcrossBlocks) {
  // Blocks are a megabyte: these texts put every kind of line end and quote across their edges.
  for (const std::string& unit : {std::string("1,a\r\n"), std::string("1,\"a\"\"\r\nb\"\r\n"),
                                  std::string("1,a\r"), std::string("\r\n1,\"\"\"\"\n")}) {
    std::string text = "id,name\n";
    while (text.size() < (5u << 19)) text += unit;
    Expected expected = SlowReader(text, true).Read();
    expected.records.erase(expected.records.begin());
    for (const uint64_t chunk_bytes : {uint64_t{100'000}, kChunkBytes}) {
      const auto file = Open("blocks.csv", text, chunk_bytes);
      ASSERT_EQ(FaultOf(*file), "");
      EXPECT_EQ(file->empty_lines(), expected.empty_lines);
      EXPECT_TRUE(ReadAll(file) == expected.records) << EscapeBytes(unit);
    }
  }
}

TEST_F(CsvReference, OpenQuotesOfALineDoNotHoldTheFile) {
  dataset_.quoted_newlines = false;
  std::string text = "id,name\n";
  for (int i = 0; i < 400000; ++i) text += "1,\"open\n";
  const auto file = Open("open.csv", text);
  EXPECT_EQ(FaultOf(*file), "");
  EXPECT_EQ(ReadAll(file).size(), 400000u);
}

}  // namespace
}  // namespace lyceum
