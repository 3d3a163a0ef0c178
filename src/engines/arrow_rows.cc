#include "engines/arrow_rows.h"

#include <fmt/format.h>
#include <nanoarrow/nanoarrow.h>
#include <nanoarrow/nanoarrow_ipc.h>

#include <cstdlib>
#include <cstring>

#include "base/hex.h"

namespace lyceum {
namespace {

/// Owns what a stream hands out, one batch at a time.
struct StreamHolder {
  ArrowArrayStream stream{};
  ArrowSchema schema{};
  ArrowArray array{};
  ArrowArrayView view{};
  ~StreamHolder() {
    ArrowArrayViewReset(&view);
    if (array.release) array.release(&array);
    if (schema.release) schema.release(&schema);
    if (stream.release) stream.release(&stream);
  }
};

Status Broken(const char* what) {
  return Internal(fmt::format("the server's rows are no Arrow stream that can be read: {}", what));
}

bool IsReadable(const ArrowSchemaView& type) {
  switch (type.type) {
    case NANOARROW_TYPE_NA:
    case NANOARROW_TYPE_BOOL:
    case NANOARROW_TYPE_INT8:
    case NANOARROW_TYPE_INT16:
    case NANOARROW_TYPE_INT32:
    case NANOARROW_TYPE_INT64:
    case NANOARROW_TYPE_FLOAT:
    case NANOARROW_TYPE_DOUBLE:
    case NANOARROW_TYPE_STRING:
    case NANOARROW_TYPE_LARGE_STRING:
    case NANOARROW_TYPE_BINARY:
    case NANOARROW_TYPE_LARGE_BINARY:
    case NANOARROW_TYPE_DATE32:
      return type.schema->dictionary == nullptr;
    case NANOARROW_TYPE_DECIMAL128:
      return type.decimal_scale >= 0 && type.decimal_scale <= 38;
    case NANOARROW_TYPE_TIMESTAMP:
      return type.time_unit == NANOARROW_TIME_UNIT_MICRO;
    default:
      return false;
  }
}

/// One column of the batch at hand.
struct Column {
  ArrowType type;
  int scale = 0;         ///< of decimals
  std::string hex = {};  ///< keeps the text of a binary cell as long as its row lasts

  Cell Hexed(ArrowBufferView bytes) {
    hex = Hex({bytes.data.as_char, static_cast<size_t>(bytes.size_bytes)});
    return std::string_view(hex);
  }

  Cell Read(const ArrowArrayView* view, int64_t row) {
    if (type == NANOARROW_TYPE_NA || ArrowArrayViewIsNull(view, row)) return std::monostate();
    switch (type) {
      case NANOARROW_TYPE_BOOL:
        return ArrowArrayViewGetIntUnsafe(view, row) != 0;
      case NANOARROW_TYPE_FLOAT: {
        // By its text, so that 0.1 stays 0.1.
        const float value = static_cast<float>(ArrowArrayViewGetDoubleUnsafe(view, row));
        return std::strtod(fmt::format("{}", value).c_str(), nullptr);
      }
      case NANOARROW_TYPE_DOUBLE:
        return ArrowArrayViewGetDoubleUnsafe(view, row);
      case NANOARROW_TYPE_DECIMAL128: {
        DecimalValue value;
        value.scale = scale;
        const int64_t position = view->offset + row;
        std::memcpy(&value.unscaled, view->buffer_views[1].data.as_uint8 + 16 * position, 16);
        return value;
      }
      case NANOARROW_TYPE_STRING:
      case NANOARROW_TYPE_LARGE_STRING: {
        const ArrowStringView text = ArrowArrayViewGetStringUnsafe(view, row);
        return std::string_view(text.data, static_cast<size_t>(text.size_bytes));
      }
      case NANOARROW_TYPE_BINARY:
      case NANOARROW_TYPE_LARGE_BINARY:
        return Hexed(ArrowArrayViewGetBytesUnsafe(view, row));
      case NANOARROW_TYPE_DATE32:
        return DateValue{static_cast<int32_t>(ArrowArrayViewGetIntUnsafe(view, row))};
      case NANOARROW_TYPE_TIMESTAMP:
        return TimestampValue{ArrowArrayViewGetIntUnsafe(view, row)};
      default:
        return ArrowArrayViewGetIntUnsafe(view, row);
    }
  }
};

Result<std::vector<Column>> ColumnsOf(const ArrowSchema& schema, std::vector<std::string>* names) {
  std::vector<Column> columns;
  names->clear();
  for (int64_t i = 0; i < schema.n_children; ++i) {
    ArrowSchemaView type;
    ArrowError error{};
    const std::string name = schema.children[i]->name ? schema.children[i]->name : "";
    if (ArrowSchemaViewInit(&type, schema.children[i], &error) != NANOARROW_OK) {
      return Broken(error.message);
    }
    if (!IsReadable(type)) {
      return Internal(fmt::format("column '{}' has a type that cannot be read: {}", name,
                                  ArrowTypeString(type.type)));
    }
    names->push_back(name);
    columns.push_back({type.type, type.decimal_scale});
  }
  return columns;
}

}  // namespace

Status ReadArrowRows(std::string_view stream, const RowSink& sink,
                     std::vector<std::string>* columns) {
  StreamHolder holder;
  ArrowError error{};
  ArrowBuffer bytes;
  ArrowBufferInit(&bytes);
  ArrowIpcInputStream input;
  if (ArrowBufferAppend(&bytes, stream.data(), static_cast<int64_t>(stream.size())) !=
          NANOARROW_OK ||
      ArrowIpcInputStreamInitBuffer(&input, &bytes) != NANOARROW_OK) {
    ArrowBufferReset(&bytes);
    return Unavailable("not enough memory for the server's rows");
  }
  if (ArrowIpcArrayStreamReaderInit(&holder.stream, &input, nullptr) != NANOARROW_OK) {
    input.release(&input);
    return Unavailable("not enough memory for the server's rows");
  }
  if (ArrowArrayStreamGetSchema(&holder.stream, &holder.schema, &error) != NANOARROW_OK) {
    return Broken(error.message);
  }
  ASSIGN_OR_RETURN(std::vector<Column> readers, ColumnsOf(holder.schema, columns));
  if (ArrowArrayViewInitFromSchema(&holder.view, &holder.schema, &error) != NANOARROW_OK) {
    return Broken(error.message);
  }
  std::vector<Cell> row(readers.size());
  for (;;) {
    if (holder.array.release) holder.array.release(&holder.array);
    if (ArrowArrayStreamGetNext(&holder.stream, &holder.array, &error) != NANOARROW_OK) {
      return Broken(error.message);
    }
    if (!holder.array.release) return Status::Ok();  // the end
    if (ArrowArrayViewSetArray(&holder.view, &holder.array, &error) != NANOARROW_OK ||
        ArrowArrayViewValidate(&holder.view, NANOARROW_VALIDATION_LEVEL_FULL, &error) !=
            NANOARROW_OK) {
      return Broken(error.message);
    }
    for (int64_t r = 0; r < holder.array.length; ++r) {
      for (size_t c = 0; c < readers.size(); ++c) {
        row[c] = readers[c].Read(holder.view.children[c], r);
      }
      RETURN_IF_ERROR(sink(row));
    }
  }
}

}  // namespace lyceum
