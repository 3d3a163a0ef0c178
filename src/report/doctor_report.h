#pragma once

#include <string>
#include <vector>

#include "report/style.h"
#include "run/doctor.h"

namespace lyceum {

/// The checks as a list for people, with a last line that says whether loading will work.
std::string RenderDoctor(const std::vector<DoctorCheck>& checks, const Style& style);
/// `{"format": "lyceum.doctor.v1", "healthy": ..., "checks": [{"what", "outcome", "detail"}]}`
std::string DoctorJson(const std::vector<DoctorCheck>& checks);

}  // namespace lyceum
