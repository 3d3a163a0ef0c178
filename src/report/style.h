#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/count.h"

namespace lyceum {

enum class Ink { kPlain, kDim, kBold, kRed, kYellow, kGreen };

/// Width of what is no terminal: nothing is cut or wrapped there.
inline constexpr size_t kNoTerminal = 1'000'000;

/// How text may look where it is shown.
struct Style {
  bool color = false;
  size_t width = kNoTerminal;  ///< columns of the terminal that reports may use

  /// Colours `text` if colours are allowed.
  std::string Paint(Ink ink, std::string_view text) const;
};

/// Prints a duration: `0.42 s`, `12.3 s`, `3 min 07 s`.
std::string FormatSeconds(double seconds);

/// Columns that UTF-8 text takes on a terminal: wide characters count two, combining ones none.
size_t DisplayWidth(std::string_view text);
/// Cuts the middle out of text that is wider than `width`, and puts one `…` there.
std::string ElideMiddle(std::string_view text, size_t width);
/// Replaces what a terminal would act upon (control characters) or choke on (bytes that are no
/// UTF-8) by `?`.
std::string PrintableText(std::string_view text);
/// Breaks text that stands behind `indent` columns at blanks so that no line is wider than `width`;
/// the lines that this makes start with `indent` blanks. Words that are wider stay whole, line ends
/// of the text stay where they are.
std::string WrapText(std::string_view text, size_t width, size_t indent);
/// Quotes an argument for a POSIX shell, if it needs it.
std::string QuoteForShell(std::string_view argument);

}  // namespace lyceum
