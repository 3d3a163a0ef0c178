// Builds a tree from the events of yaml-cpp, which keeps marks, tags and anchors that its own node
// tree drops. yaml-cpp 0.7 accepts some text that is no YAML (a quote open until the end, NUL
// bytes), so bytes are checked before and quotes after it.

#include "spec/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>

namespace lyceum {
namespace {

constexpr size_t kMaxBytes = 1024 * 1024;
constexpr size_t kMaxDepth = 100;
/// A file with more problems of form is no YAML file; the rest is left unsaid.
constexpr size_t kMaxProblems = 100;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view WithoutByteOrderMark(std::string_view text) {
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());
  }
  return text;
}

/// Returns the place of the byte at `offset`.
Span PlaceOf(std::string_view text, size_t offset, size_t length = 1) {
  const std::string_view before = text.substr(0, offset);
  const size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  return {static_cast<int>(line), static_cast<int>(offset - line_start) + 1,
          static_cast<int>(length)};
}

/// Returns the offset of a place that yaml-cpp gave; the end of the text for places beyond it.
size_t OffsetOf(std::string_view text, const Span& span) {
  size_t start = 0;
  for (int line = 1; line < span.line; ++line) {
    start = text.find('\n', start);
    if (start == std::string_view::npos) return text.size();
    ++start;
  }
  return std::min(text.size(), start + static_cast<size_t>(std::max(span.column, 1)) - 1);
}

/// Bytes of the well-formed UTF-8 character at `at`; 0 if there is none.
size_t CharacterSize(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const auto continues = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool overlong = lead == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = lead == 0xED && byte(1) >= 0xA0;
    return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead < 0xF0 || lead > 0xF4) return 0;
  const bool overlong = lead == 0xF0 && byte(1) < 0x90;
  const bool beyond = lead == 0xF4 && byte(1) >= 0x90;
  return continues(1) && continues(2) && continues(3) && !overlong && !beyond ? 4 : 0;
}

bool IsAllowedControl(std::string_view text, size_t at) {
  const char c = text[at];
  return c == '\t' || c == '\n' || (c == '\r' && text.substr(at + 1, 1) == "\n");
}

/// Reports the first byte that a spec cannot hold.
bool CheckBytes(std::string_view text, Diagnostics* diagnostics) {
  if (text.size() > kMaxBytes) {
    diagnostics->Error({}, "the file is larger than 1 MiB; expected a hand-written YAML file");
    return false;
  }
  const std::string_view mark = text.substr(0, 2);
  if (mark == "\xFF\xFE" || mark == "\xFE\xFF") {
    diagnostics->Error({1, 1, 2}, "the file is UTF-16; save it as UTF-8");
    return false;
  }
  for (size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const size_t size = CharacterSize(text, at);
    if (size == 0) {
      diagnostics->Error(PlaceOf(text, at),
                         fmt::format("byte 0x{:02X} is not UTF-8; save the file as UTF-8", byte));
      return false;
    }
    if ((byte < 0x20 || byte == 0x7F) && !IsAllowedControl(text, at)) {
      diagnostics->Error(PlaceOf(text, at),
                         fmt::format("control character 0x{:02X} is not allowed; remove it", byte));
      return false;
    }
    at += size;
  }
  return true;
}

/// Returns the offset behind the closing quote of the quoted scalar at `start`; npos if it has
/// none.
size_t EndOfQuoted(std::string_view text, size_t start) {
  const char quote = text[start];
  for (size_t at = start + 1; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      const bool doubled = quote == '\'' && text.substr(at + 1, 1) == "'";
      if (!doubled) return at + 1;
      ++at;
    }
  }
  return std::string_view::npos;
}

bool IsQuote(std::string_view text, size_t at) {
  return at < text.size() && (text[at] == '\'' || text[at] == '"');
}

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Returns the bytes of the token at `start` on its first line: a quoted or plain scalar.
size_t TokenLength(std::string_view text, size_t start, std::string_view scalar) {
  const std::string_view line = text.substr(start, text.find('\n', start) - start);
  if (IsQuote(text, start)) {
    const size_t end = EndOfQuoted(text, start);
    return std::min(line.size(), end == std::string_view::npos ? 1 : end - start);
  }
  if (line.substr(0, scalar.size()) == scalar) return std::max<size_t>(1, scalar.size());
  size_t end = line.size();
  while (end > 1 && IsBlank(line[end - 1])) --end;
  return std::max<size_t>(1, end);
}

/// Thrown through yaml-cpp to stop it; caught in ParseYaml.
struct NestedTooDeep {
  Span span;
};

/// Receives yaml-cpp's events and builds the tree; reports what YAML allows and specs do not.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view text, Diagnostics* diagnostics)
      : text_(text), diagnostics_(diagnostics) {}

  bool failed() const { return failed_; }
  std::optional<YamlNode> TakeRoot() { return std::move(root_); }

  /// Place of the innermost `[` or `{` that is still open, if any.
  const Span* open_bracket() const {
    for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame) {
      if (frame->flow) return &frame->node.span;
    }
    return nullptr;
  }
  /// The last quoted scalar that was read; line 0 if none.
  const Span& last_quoted() const { return last_quoted_; }
  size_t last_quoted_end() const { return last_quoted_end_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (num_documents_++ == 1) Problem(Place(mark), "expected one YAML document, got a second one");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    CheckProperties(mark, "?", anchor);
    YamlNode node;
    node.span = NullPlace(mark);
    Add(std::move(node));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    Problem(Place(mark), "aliases are not supported; write the value out");
    YamlNode node;
    node.span = Place(mark);
    Add(std::move(node));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    CheckProperties(mark, tag, anchor);
    YamlNode node;
    node.kind = YamlKind::kScalar;
    node.span = Place(mark);
    node.scalar = value;
    node.quoted = tag == "!";
    const size_t start = Offset(mark);
    if (value.find('\0') != std::string::npos) Problem(node.span, "a text cannot hold NUL");
    if (node.quoted && IsQuote(text_, start)) NoteQuoted(start, node.span);
    node.span.length = static_cast<int>(TokenLength(text_, start, value));
    Add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    Open(YamlKind::kSequence, mark, tag, anchor, style);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    Open(YamlKind::kMapping, mark, tag, anchor, style);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Frame {
    YamlNode node;
    bool flow = false;
    std::optional<YamlNode> key;       ///< waits for its value
    std::map<std::string, int> lines;  ///< line of each key so far
  };

  static Span Place(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1, 1}; }

  /// Marks count bytes, as the text is UTF-8 without a byte order mark.
  size_t Offset(const YAML::Mark& mark) const {
    return std::min(text_.size(), static_cast<size_t>(std::max(mark.pos, 0)));
  }

  /// Reports what leaves no tree to go on with.
  void Problem(Span span, std::string message) {
    failed_ = true;
    Report(span, std::move(message));
  }
  void Report(Span span, std::string message) {
    if (++num_problems_ <= kMaxProblems) diagnostics_->Error(span, std::move(message));
  }

  void CheckProperties(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) Problem(Place(mark), "anchors are not supported; write the value out");
    if (!tag.empty() && tag != "?" && tag != "!") {
      Problem(Place(mark), "tags are not supported; write the value without '!'");
    }
  }

  /// An absent value has the mark of the next token; its key says better where it is missing.
  Span NullPlace(const YAML::Mark& mark) const {
    Span span = Place(mark);
    for (const std::string_view word : {"~", "null", "Null", "NULL"}) {
      if (text_.substr(Offset(mark), word.size()) != word) continue;
      span.length = static_cast<int>(word.size());
      return span;
    }
    if (!frames_.empty() && frames_.back().key) return frames_.back().key->span;
    return span;
  }

  void NoteQuoted(size_t start, const Span& span) {
    last_quoted_ = span;
    last_quoted_end_ = EndOfQuoted(text_, start);
    if (last_quoted_end_ == std::string_view::npos) {
      Problem(span, fmt::format("the quote is never closed; expected another {}", text_[start]));
    }
  }

  void Open(YamlKind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YAML::EmitterStyle::value style) {
    if (frames_.size() >= kMaxDepth) throw NestedTooDeep{Place(mark)};
    CheckProperties(mark, tag, anchor);
    Frame frame;
    frame.node.kind = kind;
    frame.node.span = Place(mark);
    frame.flow = style == YAML::EmitterStyle::Flow;
    frames_.push_back(std::move(frame));
  }

  void Close() {
    YamlNode node = std::move(frames_.back().node);
    const bool block_mapping = !frames_.back().flow && !node.entries.empty();
    if (block_mapping) node.span.length = node.entries.front().key.span.length;
    frames_.pop_back();
    Add(std::move(node));
  }

  void Add(YamlNode node) {
    if (frames_.empty()) {
      if (!root_) root_ = std::move(node);
      return;
    }
    Frame& parent = frames_.back();
    if (parent.node.kind == YamlKind::kSequence) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key) {
      CheckKey(node, &parent);
      parent.key = std::move(node);
    } else {
      if (parent.key->kind == YamlKind::kScalar) {
        parent.node.entries.push_back({std::move(*parent.key), std::move(node)});
      }
      parent.key.reset();
    }
  }

  void CheckKey(const YamlNode& key, Frame* parent) {
    if (key.kind != YamlKind::kScalar) {
      Problem(key.span, "expected a key, which is plain text");
      return;
    }
    const auto [known, added] = parent->lines.emplace(key.scalar, key.span.line);
    if (!added) {
      Report(key.span, fmt::format("duplicate key '{}'; it is already on line {}", key.scalar,
                                   known->second));
    }
  }

  std::string_view text_;
  Diagnostics* diagnostics_;
  size_t num_problems_ = 0;
  bool failed_ = false;
  int num_documents_ = 0;
  std::vector<Frame> frames_;
  std::optional<YamlNode> root_;
  Span last_quoted_;
  size_t last_quoted_end_ = std::string_view::npos;
};

/// What yaml-cpp says, and what it means to somebody who wrote a spec. `{}` is the character at the
/// place.
struct Translation {
  std::string_view library;
  std::string_view message;
};

const Translation kTranslations[] = {
    {YAML::ErrorMsg::MAP_VALUE,
     "unexpected '{}'; check the indentation of this line, or put a text with a colon in quotes"},
    {YAML::ErrorMsg::MAP_KEY, "unexpected '{}'; start the mapping on a new line"},
    {YAML::ErrorMsg::BLOCK_ENTRY, "unexpected '{}'; start the list on a new line"},
    {YAML::ErrorMsg::FLOW_END, "unexpected '{}'; there is no bracket for it to close"},
    {YAML::ErrorMsg::UNKNOWN_TOKEN, "a value cannot begin with '{}'; put it in quotes"},
    {YAML::ErrorMsg::END_OF_MAP,
     "expected a key, with the indentation of the keys above, got '{}'"},
    {YAML::ErrorMsg::END_OF_SEQ,
     "expected '- ', with the indentation of the items above, got '{}'"},
    {YAML::ErrorMsg::TAB_IN_INDENTATION, "tab in the indentation; use spaces"},
    {YAML::ErrorMsg::EOF_IN_SCALAR, "the quote is never closed"},
    {YAML::ErrorMsg::DOC_IN_SCALAR, "a document marker stands inside a quoted text"},
    {YAML::ErrorMsg::UNKNOWN_ANCHOR, "aliases are not supported; write the value out"},
    {YAML::ErrorMsg::ALIAS_NOT_FOUND, "expected a name behind '*'; put a text with '*' in quotes"},
    {YAML::ErrorMsg::CHAR_IN_ALIAS, "unexpected '{}' behind '*'; put a text with '*' in quotes"},
    {YAML::ErrorMsg::ANCHOR_NOT_FOUND, "expected a name behind '&'; put a text with '&' in quotes"},
    {YAML::ErrorMsg::CHAR_IN_ANCHOR, "unexpected '{}' behind '&'; put a text with '&' in quotes"},
    {YAML::ErrorMsg::CHAR_IN_BLOCK,
     "unexpected '{}' behind '|' or '>'; start the text on a new line"},
    {YAML::ErrorMsg::INVALID_ESCAPE,
     "unknown escape in double quotes; use single quotes for a text with backslashes"},
    {YAML::ErrorMsg::INVALID_HEX,
     "expected hex digits after the escape in double quotes; use single quotes for a text with "
     "backslashes"},
    {YAML::ErrorMsg::INVALID_UNICODE, "the escape names no Unicode character"},
};

/// Returns the place of a tab in the indentation of the line of `offset` or of the line before.
std::optional<Span> TabInIndentation(std::string_view text, size_t offset) {
  size_t end = std::min(offset, text.size());
  for (int lines = 0; lines < 2; ++lines) {
    const size_t newline = end == 0 ? std::string_view::npos : text.rfind('\n', end - 1);
    const size_t start = newline == std::string_view::npos ? 0 : newline + 1;
    const size_t content = std::min(text.find_first_not_of(" \t", start), text.size());
    const size_t tab = text.substr(start, content - start).find('\t');
    if (tab != std::string_view::npos) return PlaceOf(text, start + tab);
    if (newline == std::string_view::npos) break;
    end = newline;
  }
  return std::nullopt;
}

std::string CharacterAt(std::string_view text, size_t offset) {
  if (offset >= text.size()) return "the end of the file";
  return std::string(text.substr(offset, std::max<size_t>(1, CharacterSize(text, offset))));
}

std::string Translate(const YAML::Exception& error, std::string_view text, size_t offset) {
  for (const Translation& translation : kTranslations) {
    if (error.msg.rfind(translation.library, 0) != 0) continue;
    return fmt::format(fmt::runtime(translation.message), CharacterAt(text, offset));
  }
  return fmt::format("not valid YAML: {}", error.msg);
}

/// Turns the library's error into one that says what to do.
void ReportSyntaxError(const YAML::Exception& error, std::string_view text,
                       const TreeBuilder& builder, Diagnostics* diagnostics) {
  Span span{error.mark.line + 1, error.mark.column + 1, 1};
  const size_t offset = error.mark.is_null() ? text.size() : OffsetOf(text, span);
  if (const std::optional<Span> tab = TabInIndentation(text, offset)) {
    diagnostics->Error(*tab, "tab in the indentation; use spaces");
    return;
  }
  const bool in_brackets =
      error.msg == YAML::ErrorMsg::END_OF_SEQ_FLOW || error.msg == YAML::ErrorMsg::END_OF_MAP_FLOW;
  if (in_brackets && builder.open_bracket()) {
    const Span& open = *builder.open_bracket();
    const size_t open_offset = OffsetOf(text, open);
    const char closing = error.msg == YAML::ErrorMsg::END_OF_SEQ_FLOW ? ']' : '}';
    if (offset >= text.size() || offset <= open_offset) {
      diagnostics->Error(open, fmt::format("the bracket is never closed; expected '{}'", closing));
    } else {
      diagnostics->Error(span,
                         fmt::format("expected ',' or '{}', got '{}'; the bracket was opened on "
                                     "line {}",
                                     closing, CharacterAt(text, offset), open.line));
    }
    return;
  }
  const Span& quoted = builder.last_quoted();
  const size_t quoted_end = builder.last_quoted_end();
  const bool after_quote =
      quoted.line > 0 && quoted_end <= offset &&
      text.substr(quoted_end, offset - quoted_end).find('\n') == std::string_view::npos;
  if (error.msg == YAML::ErrorMsg::END_OF_MAP && after_quote) {
    diagnostics->Error(span, fmt::format("unexpected text behind the closing quote; the quote was "
                                         "opened on line {}",
                                         quoted.line));
    return;
  }
  diagnostics->Error(span, Translate(error, text, offset));
}

}  // namespace

const YamlNode* YamlNode::Find(std::string_view key) const {
  for (const auto& [name, value] : entries) {
    if (name.scalar == key) return &value;
  }
  return nullptr;
}

std::optional<YamlNode> ParseYaml(std::string_view text, Diagnostics* diagnostics) {
  text = WithoutByteOrderMark(text);
  if (!CheckBytes(text, diagnostics)) return std::nullopt;
  TreeBuilder builder(text, diagnostics);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    // A second document is an error already; yaml-cpp 0.7 finds documents without end in some
    // texts.
    for (int documents = 0; documents < 2 && parser.HandleNextDocument(builder); ++documents) {
    }
  } catch (const NestedTooDeep& deep) {
    diagnostics->Error(deep.span, fmt::format("nested deeper than {} levels", kMaxDepth));
    return std::nullopt;
  } catch (const YAML::Exception& error) {
    ReportSyntaxError(error, text, builder, diagnostics);
    return std::nullopt;
  }
  if (builder.failed()) return std::nullopt;
  std::optional<YamlNode> root = builder.TakeRoot();
  if (!root) diagnostics->Error({}, "the file is empty; expected keys and values");
  return root;
}

Span PlaceInScalar(const YamlNode& scalar, std::string_view document, size_t offset) {
  document = WithoutByteOrderMark(document);
  const size_t start = OffsetOf(document, scalar.span);
  const bool quoted = scalar.quoted && IsQuote(document, start);
  const bool single = quoted && document[start] == '\'';
  size_t at = start;
  if (quoted) {
    ++at;
  } else if (scalar.quoted) {  // a block: its text begins below the indicator
    at = std::min(document.find('\n', start), document.size());
  }
  // Folding changes blanks only, so every other character stands in the same order in both.
  size_t place = at;
  size_t num_blanks = 0;
  for (size_t i = 0; i < offset && i < scalar.scalar.size(); ++i) {
    if (IsBlank(scalar.scalar[i])) {
      ++num_blanks;
      continue;
    }
    while (at < document.size() && IsBlank(document[at])) ++at;
    if (single && document.substr(at, 2) == "''") ++at;
    if (at >= document.size() || document[at] != scalar.scalar[i]) return scalar.span;
    place = ++at;
    num_blanks = 0;
  }
  const bool on_character = offset < scalar.scalar.size() && !IsBlank(scalar.scalar[offset]);
  if (on_character) {
    while (at < document.size() && IsBlank(document[at])) ++at;
    place = at;
  } else {
    place += num_blanks;
  }
  return PlaceOf(document, std::min(place, document.size()));
}

}  // namespace lyceum
