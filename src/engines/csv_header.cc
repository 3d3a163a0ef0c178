#include "engines/csv_header.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <vector>

#include "engines/column_names.h"
#include "engines/csv_records.h"
#include "engines/typing.h"
#include "engines/utf8.h"

namespace lyceum {
namespace {

/// Maps the fields of one header to the columns of a dataset.
class HeaderReader {
 public:
  explicit HeaderReader(const Dataset& dataset) : dataset_(dataset) {}

  CsvHeader Read(std::string_view bytes) {
    CsvRecord record;
    ReadCsvRecord(bytes, {dataset_.delimiter, dataset_.quoted_newlines}, &record);
    ReadFields(bytes, record);
    return {std::move(columns_), std::move(fault_)};
  }

 private:
  void ReadFields(std::string_view bytes, const CsvRecord& record) {
    if (HasControl(bytes) || !IsUtf8(bytes)) return Fault("is not text");
    if (record.open_quote) return Fault("quote is not closed: it opens on line 1");
    columns_.num_fields = static_cast<int>(record.fields.size());
    columns_.field_of_column.assign(dataset_.columns.size(), -1);
    std::set<std::string> seen;
    std::string scratch, twice;
    bool any_known = false;
    for (size_t i = 0; i < record.fields.size(); ++i) {
      const std::string name(TrimBlanks(FieldText(record.fields[i], &scratch)));
      const std::string folded = FoldedName(name);
      // Spreadsheets leave nameless columns at the end; any number of them is one unknown column.
      const bool first = seen.insert(folded).second;
      if (!first && !folded.empty() && twice.empty()) twice = folded;
      const int column = folded.empty() ? -1 : FindColumn(dataset_, folded);
      if (column < 0) {
        if (first) columns_.unknown_columns.push_back(ShowName(name));
        continue;
      }
      any_known = true;
      int& field = columns_.field_of_column[column];
      if (field >= 0) twice = dataset_.columns[column].name;
      field = static_cast<int>(i);
    }
    if (record.fields.size() == 1) {
      if (const char delimiter = OtherDelimiter(bytes)) {
        const std::string shown = delimiter == '\t' ? "\\t" : std::string(1, delimiter);
        // YAML reads `\t` between double quotes only.
        const char quote = delimiter == '\t' ? '"' : '\'';
        return FaultOfHeader(fmt::format(
            "header is one field, which holds known columns between '{0}'; the spec needs "
            "`delimiter: {1}{0}{1}`",
            shown, quote));
      }
    }
    if (!any_known) {
      return FaultOfHeader(fmt::format("header has none of the columns {}; is it missing?",
                                       fmt::join(ColumnNames(), ", ")));
    }
    RequireColumns();
    if (fault_.empty() && !twice.empty())
      Fault(fmt::format("header has '{}' twice", ShowName(twice)));
  }

  /// Most likely a row stands where the header should be, and rows are nobody's business: none of
  /// its fields may be shown.
  void FaultOfHeader(std::string reason) {
    columns_.unknown_columns.clear();
    Fault(std::move(reason));
  }

  /// A delimiter other than the spec's that makes known columns of a header of one field; NUL if
  /// there is none.
  char OtherDelimiter(std::string_view header) const {
    for (char delimiter : {',', ';', '\t', '|'}) {
      if (header.find(delimiter) == std::string_view::npos) continue;
      CsvRecord record;
      ReadCsvRecord(header, {delimiter, dataset_.quoted_newlines}, &record);
      std::string scratch;
      for (const auto& field : record.fields) {
        const std::string name = FoldedName(TrimBlanks(FieldText(field, &scratch)));
        if (!name.empty() && FindColumn(dataset_, name) >= 0) return delimiter;
      }
    }
    return '\0';
  }

  std::vector<std::string> ColumnNames() const {
    std::vector<std::string> names;
    for (const SourceColumn& column : dataset_.columns) {
      names.push_back(fmt::format("'{}'", column.name));
    }
    return names;
  }

  void RequireColumns() {
    std::vector<std::string> missing, found;
    for (size_t i = 0; i < dataset_.columns.size(); ++i) {
      const SourceColumn& column = dataset_.columns[i];
      const bool has = columns_.field_of_column[i] >= 0;
      if (has || !column.optional) (has ? found : missing).push_back("'" + column.name + "'");
    }
    if (missing.empty()) return;
    const std::string lacks = fmt::format("header lacks {}", fmt::join(missing, ", "));
    const std::vector<std::string>& unknown = columns_.unknown_columns;
    if (found.size() >= 2 && found.size() > unknown.size() && !unknown.empty()) {
      return Fault(fmt::format("{}; it has '{}'", lacks, fmt::join(unknown, "', '")));
    }
    // A row may hold a word that is a column's name.
    FaultOfHeader(found.empty() ? lacks
                                : fmt::format("{}; of its {} fields only {} {} known", lacks,
                                              columns_.num_fields, fmt::join(found, ", "),
                                              found.size() == 1 ? "is" : "are"));
  }

  void Fault(std::string reason) {
    if (fault_.empty()) fault_ = std::move(reason);
  }

  const Dataset& dataset_;
  FileColumns columns_;
  std::string fault_;
};

}  // namespace

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 && c != '\t' && c != '\r' && c != '\n';
  });
}

CsvHeader ReadCsvHeader(std::string_view bytes, const Dataset& dataset) {
  return HeaderReader(dataset).Read(bytes);
}

}  // namespace lyceum
