// Any bytes as a spec: no crash, and either a spec or at least one error.

#include <cstdlib>

#include "spec/spec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  lyceum::Diagnostics diagnostics;
  const auto spec = lyceum::LoadSpec(text, &diagnostics);
  if (spec.has_value() == diagnostics.has_errors()) abort();
  (void)lyceum::RenderDiagnostics(diagnostics, "fuzz.yaml", text);
  if (spec) {
    for (const lyceum::Dataset& dataset : spec->datasets) (void)lyceum::SpecHash(*spec, dataset);
  }
  return 0;
}
