#include "engines/record_cursor.h"

#include <algorithm>

#include "engines/json_records.h"
#include "engines/utf8.h"

namespace lyceum {
namespace {

/// simdjson reads up to this much behind what it parses.
constexpr size_t kPaddingBytes = 64;

}  // namespace

Status RecordCursor::Load(size_t index) {
  const Chunk& chunk = file_->chunks()[index];
  chunk_ = index;
  chunk_offset_ = chunk.offset;
  size_ = chunk.length;
  if (buffer_.size() < size_ + kPaddingBytes) buffer_.resize(size_ + kPaddingBytes);
  RETURN_IF_ERROR(file_->Read(chunk.offset, chunk.length, buffer_.data()));
  clean_ = IsCleanText({buffer_.data(), size_});
  begin_ = length_ = next_ = 0;
  next_line_ = chunk.first_line;
  element_ = chunk.first_element - 1;
  return Status::Ok();
}

bool RecordCursor::Next() {
  switch (file_->layout()) {
    case Layout::kCsv:
      return NextCsv();
    case Layout::kJsonArray:
      return NextElement();
    case Layout::kJsonLines:
      return NextLine();
  }
  return false;
}

bool RecordCursor::NextCsv() {
  while (next_ < size_) {
    line_ = next_line_;
    begin_ = next_;
    ReadCsvRecord({buffer_.data() + begin_, size_ - begin_}, shape_, &record_);
    next_ = begin_ + record_.next;
    next_line_ += record_.lines;
    length_ = record_.length;
    if (length_ > 0) return true;
  }
  return false;
}

bool RecordCursor::NextElement() {
  const std::string_view all(buffer_.data(), size_);
  size_t at = SkipJsonBlanks(all, next_, &next_line_);
  if (at < size_ && all[at] == ',') at = SkipJsonBlanks(all, at + 1, &next_line_);
  if (at >= size_) return false;
  begin_ = at;
  line_ = next_line_;
  length_ = FindElement(all.substr(at)).length;
  next_line_ += CountLineEnds(all.substr(at, length_));
  next_ = at + length_;
  ++element_;
  return true;
}

bool RecordCursor::NextLine() {
  const std::string_view all(buffer_.data(), size_);
  while (next_ < size_) {
    begin_ = next_;
    line_ = next_line_++;
    length_ = FindLineEnd(all.substr(begin_));
    next_ = begin_ + length_ + LineEndLength(all.substr(begin_ + length_));
    int64_t none = 0;
    const std::string_view text = all.substr(begin_, length_);
    if (SkipJsonBlanks(text, 0, &none) < text.size()) return true;
  }
  return false;
}

Status RecordCursor::Seek(uint64_t offset) {
  const std::vector<Chunk>& chunks = file_->chunks();
  const auto after =
      std::upper_bound(chunks.begin(), chunks.end(), offset,
                       [](uint64_t value, const Chunk& chunk) { return value < chunk.offset; });
  if (after == chunks.begin()) return Internal("a record position lies before its file's records");
  const size_t index = static_cast<size_t>(after - chunks.begin()) - 1;
  const bool behind = index == chunk_ && offset < chunk_offset_ + begin_;
  if (index != chunk_ || behind) RETURN_IF_ERROR(Load(index));
  if (length_ > 0 && this->offset() == offset) return Status::Ok();
  while (Next()) {
    if (this->offset() == offset) return Status::Ok();
  }
  return Internal("a record position points into the middle of a record");
}

}  // namespace lyceum
