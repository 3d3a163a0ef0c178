#pragma once

#include <cstddef>

namespace lyceum {

// What ends where, on every engine.

/// Largest text value, in UTF-8 bytes: the widest VARCHAR of Amazon Redshift.
inline constexpr size_t kMaxTextBytes = 65535;

/// How deep arrays and objects may nest below a JSON record; a deeper one is not valid for Lyceum,
/// on any engine.
inline constexpr int kMaxJsonDepth = 64;

/// Escaped text that a quarantine record keeps, and that of an unreadable file; longer records are
/// stored whole beside it.
inline constexpr size_t kMaxRawTextBytes = 32 * 1024;

/// A name from a file is shown so far.
inline constexpr size_t kMaxShownNameBytes = 60;

/// Unknown JSON keys beyond so many names are not told apart; a file with data as keys has no end
/// of them.
inline constexpr size_t kMaxUnknownKeys = 1000;

/// The greatest offset of a timestamp from UTC.
inline constexpr int kMaxOffsetHours = 18;

}  // namespace lyceum
