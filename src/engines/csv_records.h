#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum {

/// How the records of a CSV file are written.
struct CsvShape {
  char delimiter = ',';
  bool quoted_newlines = true;
};

/// One field of a record, as it stands in the buffer, without its quotes.
struct CsvField {
  std::string_view text;
  bool doubled_quotes = false;  ///< holds `""`, each of which means one quote
};

/// One record found in a buffer.
struct CsvRecord {
  std::vector<CsvField> fields;
  size_t length = 0;  ///< bytes of the record without its line end
  size_t next = 0;    ///< where the next record or empty line begins
  int64_t lines = 1;  ///< physical lines that it takes, its end included
  bool misplaced_quote = false;
  bool open_quote = false;  ///< a quote is open at the end of the buffer, or of the line if quoted
                            ///< newlines are not allowed
  size_t quote_at = 0;      ///< where the open quote stands
  int64_t quote_line = 0;   ///< on which line of the record, from 0
};

/// Reads the record at the front of `buffer`, which must hold its end or be the end of the file.
/// LF, CRLF and CR end a record. An opening quote is the first byte of its field, a closing one is
/// followed by a delimiter or an end; a quote elsewhere is misplaced: it does not open or close
/// anything.
void ReadCsvRecord(std::string_view buffer, const CsvShape& shape, CsvRecord* record);

/// Returns the field's text with doubled quotes halved; `scratch` backs it if need be.
std::string_view FieldText(const CsvField& field, std::string* scratch);

/// Offset of the first line end in `buffer`, its size if it has none.
size_t FindLineEnd(std::string_view buffer);

/// Length of the line end (LF, CRLF, CR) at the front of `buffer`, or 0.
size_t LineEndLength(std::string_view buffer);

}  // namespace lyceum
