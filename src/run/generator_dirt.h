#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "run/generator_random.h"
#include "run/generator_row.h"
#include "spec/yaml.h"

namespace lyceum {

/// What can be odd about a row. The first group changes one value, the second the whole record.
enum class DirtType {
  kMissing,         ///< CSV: empty; JSON: the key is left out
  kValue,           ///< one of `values` stands in place of the value, well quoted
  kToken,           ///< JSON: one of `values` stands there as it is: null, 1.5, [1]
  kAffix,           ///< `before` and `after` are put around the value
  kQuoted,          ///< CSV: in quotes; JSON: a number as a string
  kUnicodeEscape,   ///< JSON: the first character is written \uXXXX
  kQuotedNewline,   ///< CSV: a line end within quotes
  kMisplacedQuote,  ///< CSV: a quote where none may stand
  kInvalidUtf8,     ///< a byte 0xA3
  kNul,             ///< a NUL; JSON: \u0000

  kBlankRow,       ///< CSV: delimiters only
  kTooFewFields,   ///< CSV
  kTooManyFields,  ///< CSV
  kEmptyLine,      ///< CSV: an empty line before the record, which is no record
  kDuplicateKey,   ///< JSON
  kElement,        ///< JSON: one of `values` stands in place of the object
};

/// One kind of dirt of a dataset. Whether it costs the row is the pipeline's decision, so the
/// profile lists it under `rejected` or `harmless`.
struct Dirt {
  DirtType type = DirtType::kMissing;
  std::vector<size_t> columns;  ///< one of them is hit; empty for dirt of the whole record
  std::vector<std::string> values;
  std::string before;
  std::string after;
  uint64_t weight = 1;
};

/// The dirt of one list of a dataset, drawn by weight.
struct DirtList {
  std::vector<Dirt> items;
  uint64_t total_weight = 0;

  bool empty() const { return items.empty(); }
  /// REQUIRES: not empty().
  const Dirt& Draw(Random* random) const;
};

inline bool HitsOneValue(const Dirt& dirt) { return !dirt.columns.empty(); }

/// Reads the list `node`, which messages call `owner`: `'rejected' of dataset 'orders'`.
DirtList ReadDirtList(const YamlNode& node, const std::string& owner, const FileStyle& style,
                      Diagnostics* diagnostics);

/// Draws the column that `dirt` hits. REQUIRES: HitsOneValue(dirt).
size_t DrawColumn(const Dirt& dirt, Random* random);

/// Spoils one value of `row`.
void SpoilValue(const Dirt& dirt, size_t column, const FileStyle& style, Random* random, Row* row);

/// Spoils the whole record. REQUIRES: not HitsOneValue(dirt).
void SpoilRecord(const Dirt& dirt, const FileStyle& style, Random* random, Row* row);

}  // namespace lyceum
