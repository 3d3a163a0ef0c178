#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "engines/row.h"

namespace lyceum {

/// Reads a whole Arrow IPC stream, uncompressed, and hands its rows to `sink`. `columns` receives
/// the column names. Types: boolean, integers, float and double, decimals of 38 digits, text,
/// binary (as hex digits), dates, timestamps in microseconds (with a zone they are in UTC), and
/// null. kInternal for other types and for bytes that are no such stream.
Status ReadArrowRows(std::string_view stream, const RowSink& sink,
                     std::vector<std::string>* columns);

}  // namespace lyceum
