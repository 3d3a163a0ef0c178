// What a pattern costs an engine that backtracks.

#include <gtest/gtest.h>

#include "spec/pattern_subset.h"

namespace lyceum {
namespace {

TEST(CostOf, TellsPatternsThatMayTakeForEver) {
  struct Case {
    const char* pattern;
    bool ambiguous;
    int repeated_depth;
  };
  const Case cases[] = {
      {"[^@]+@[a-z.]+", false, 0},   {"(ab|cd)x?", false, 0},
      {"(a|b)*", false, 1},          {"(?:(?:a|b)|[c-d])+", false, 2},
      {"(?:ab|a)*b?", true, 1},      {"(?:a|ab?)*?c", true, 1},
      {"(a+)+b", true, 1},           {"(?:[a-z]+ ?)*", true, 1},
      {"(\\.[a-z]+)?", false, 0},    {"(\\.[a-z]+){1,3}", false, 0},
      {"(\\.[a-z]+){1,4}", true, 1}, {"(?:-[0-9]{3})+", false, 1},
      {"(?:-[0-9]{3,4})+", true, 1}, {"(?:a{2,})*", true, 1},
      {"[(|)]*\\(+", false, 0},      {"(ä|ö)*", false, 1},
      {"(?:(a|bc)d)*", true, 2},
  };
  for (const Case& test : cases) {
    size_t offset = 0;
    ASSERT_EQ(CheckPattern(test.pattern, &offset), "") << test.pattern;
    EXPECT_EQ(CostOf(test.pattern).ambiguous, test.ambiguous) << test.pattern;
    EXPECT_EQ(CostOf(test.pattern).repeated_depth, test.repeated_depth) << test.pattern;
  }
}

}  // namespace
}  // namespace lyceum
