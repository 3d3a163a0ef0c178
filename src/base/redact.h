#pragma once

#include <string>
#include <string_view>

namespace lyceum {

/// Replaces what is secret in `text` by as many `*`: the password of every URL
/// (`scheme://user:password@host`), the value of a `password=` or `token=` parameter, every
/// parameter of a `sc://` URL that is not known to be harmless, and the value of a `spark.` setting
/// with a secret name. A `${VARIABLE}` in its place stays: it is no secret.
std::string MaskPasswords(std::string_view text);

/// Takes the password out of a URL: what is left works where the password comes from elsewhere.
std::string WithoutPassword(std::string_view url);

/// True if `url` holds a password or a token that is written out.
bool HoldsPassword(std::string_view url);

/// True if the value of a setting or parameter of this name is a secret: `fs.s3a.secret.key`,
/// `authorization`.
bool IsSecretName(std::string_view name);

}  // namespace lyceum
