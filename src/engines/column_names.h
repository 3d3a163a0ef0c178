#pragma once

#include <string>
#include <string_view>

#include "spec/spec.h"

namespace lyceum {

/// A header or JSON key as it is compared: without outer blanks, A to Z in lower case.
std::string FoldedName(std::string_view name);

/// Index of the dataset's column that `name` means, by name or alias; -1 if there is none.
int FindColumn(const Dataset& dataset, std::string_view name);

}  // namespace lyceum
