#include "engines/csv_records.h"

#include <cstring>

namespace lyceum {
namespace {

/// Reads fields one by one from the front of a buffer.
class RecordReader {
 public:
  RecordReader(std::string_view buffer, const CsvShape& shape, CsvRecord* record)
      : buffer_(buffer), shape_(shape), record_(*record) {}

  void Run() {
    bool more = true;
    while (more) more = at_ < buffer_.size() && buffer_[at_] == '"' ? Quoted() : Plain(at_);
    record_.length = at_;
    const size_t end = LineEndLength(buffer_.substr(at_));
    record_.next = at_ + end;
  }

 private:
  bool AtLineEnd() const { return buffer_[at_] == '\n' || buffer_[at_] == '\r'; }

  /// Ends a field; true if another follows.
  bool EndField(CsvField field) {
    record_.fields.push_back(field);
    if (at_ < buffer_.size() && buffer_[at_] == shape_.delimiter) {
      ++at_;
      return true;
    }
    return false;
  }

  bool Plain(size_t begin) {
    const char* data = buffer_.data();
    const size_t size = buffer_.size();
    const char delimiter = shape_.delimiter;
    while (at_ < size) {
      const char c = data[at_];
      if (c == delimiter || c == '\n' || c == '\r') break;
      if (c == '"') record_.misplaced_quote = true;
      ++at_;
    }
    return EndField({buffer_.substr(begin, at_ - begin), false});
  }

  bool Quoted() {
    const size_t open = at_;
    const int64_t open_line = record_.lines - 1;
    ++at_;
    CsvField field;
    while (at_ < buffer_.size()) {
      const char c = buffer_[at_];
      if (c == '"') {
        if (at_ + 1 < buffer_.size() && buffer_[at_ + 1] == '"') {
          field.doubled_quotes = true;
          at_ += 2;
          continue;
        }
        field.text = buffer_.substr(open + 1, at_ - open - 1);
        ++at_;
        const bool closed =
            at_ >= buffer_.size() || buffer_[at_] == shape_.delimiter || AtLineEnd();
        if (closed) return EndField(field);
        record_.misplaced_quote = true;
        return Plain(open);
      }
      if (c == '\n' || c == '\r') {
        if (!shape_.quoted_newlines) break;
        ++record_.lines;
        at_ += LineEndLength(buffer_.substr(at_));
        continue;
      }
      ++at_;
    }
    record_.open_quote = true;
    record_.quote_at = open;
    record_.quote_line = open_line;
    field.text = buffer_.substr(open + 1, at_ - open - 1);
    return EndField(field) && false;
  }

  std::string_view buffer_;
  const CsvShape& shape_;
  CsvRecord& record_;
  size_t at_ = 0;
};

}  // namespace

size_t FindLineEnd(std::string_view buffer) {
  // Piece by piece, so that a text with one kind of line end is not searched to its end for the
  // other kind, record after record.
  constexpr size_t kPieceBytes = 256;
  for (size_t at = 0; at < buffer.size(); at += kPieceBytes) {
    std::string_view piece = buffer.substr(at, kPieceBytes);
    const auto* feed = static_cast<const char*>(std::memchr(piece.data(), '\n', piece.size()));
    if (feed) piece = piece.substr(0, feed - piece.data());
    const auto* carriage = static_cast<const char*>(std::memchr(piece.data(), '\r', piece.size()));
    if (carriage) return at + (carriage - piece.data());
    if (feed) return at + piece.size();
  }
  return buffer.size();
}

size_t LineEndLength(std::string_view buffer) {
  if (buffer.empty()) return 0;
  if (buffer[0] == '\n') return 1;
  if (buffer[0] != '\r') return 0;
  return buffer.size() > 1 && buffer[1] == '\n' ? 2 : 1;
}

void ReadCsvRecord(std::string_view buffer, const CsvShape& shape, CsvRecord* record) {
  record->fields.clear();
  record->lines = 1;
  record->misplaced_quote = record->open_quote = false;
  RecordReader(buffer, shape, record).Run();
}

std::string_view FieldText(const CsvField& field, std::string* scratch) {
  if (!field.doubled_quotes) return field.text;
  scratch->clear();
  for (size_t i = 0; i < field.text.size(); ++i) {
    scratch->push_back(field.text[i]);
    if (field.text[i] == '"') ++i;
  }
  return *scratch;
}

}  // namespace lyceum
