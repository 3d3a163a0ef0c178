#pragma once

#include <string>
#include <string_view>

#include "engines/record_file.h"
#include "spec/spec.h"

namespace lyceum {

/// What the header of a CSV file says.
struct CsvHeader {
  FileColumns columns;
  std::string fault;  ///< why the file cannot be read as records; "" if it can
};

/// Reads the header from the bytes of its record, without the line end.
CsvHeader ReadCsvHeader(std::string_view bytes, const Dataset& dataset);

/// True if `text` holds control characters other than tabs and line ends: no text file does.
bool HasControl(std::string_view text);

}  // namespace lyceum
