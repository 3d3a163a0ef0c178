#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "report/style.h"
#include "run/session.h"
#include "run/verify.h"

namespace lyceum {

/// Rows and digest per table, then the checks that fail, or that all hold. `date` is the batch date
/// that was asked for.
std::string RenderVerification(const Verification& verification, std::optional<Days> date,
                               const Style& style);

/// One line per record: id, dataset, date, place and reasons; never row values.
std::string RenderQuarantineList(const std::vector<QuarantineRecord>& records, const Style& style);
/// Each record in full, with its raw text.
std::string RenderQuarantineRecords(const std::vector<QuarantineRecord>& records,
                                    const Style& style);
/// `12 records: students 10, quiz_attempts 2`; `more` says that a limit cut the list.
std::string RenderQuarantineCount(const std::vector<QuarantineRecord>& records, bool more);
/// Writes the records as csv, reasons joined by `; `.
void WriteQuarantineCsv(const std::vector<QuarantineRecord>& records, bool with_raw_text,
                        std::ostream* out);

/// The statements of a plan as a commented script. `notes` are further lines at its top.
std::string RenderSqlScript(const Plan& plan, const std::vector<StepStatement>& script,
                            const std::vector<std::string>& notes = {});

}  // namespace lyceum
