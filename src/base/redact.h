#pragma once

#include <string>
#include <string_view>

namespace lyceum {

/// Replaces the password of every URL in `text` (`scheme://user:password@host`, and the value of a
/// `password=` parameter) by as many `*`. A `${VARIABLE}` in its place stays: it is no secret.
std::string MaskPasswords(std::string_view text);

/// Takes the password out of a URL: what is left works where the password comes from elsewhere.
std::string WithoutPassword(std::string_view url);

/// True if `url` holds a password that is written out.
bool HoldsPassword(std::string_view url);

}  // namespace lyceum
