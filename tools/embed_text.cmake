# Writes the text of INPUT as a C++ string constant named SYMBOL to OUTPUT.
file(READ ${INPUT} text)
# A string literal may hold at most 65,536 bytes by the standard; files are cut in pieces well below.
string(LENGTH "${text}" length)
set(pieces "")
set(at 0)
while(at LESS length)
  string(SUBSTRING "${text}" ${at} 8000 piece)
  string(APPEND pieces "R\"lyceum(${piece})lyceum\"\n")
  math(EXPR at "${at} + 8000")
endwhile()
file(WRITE ${OUTPUT} "extern const char* const ${SYMBOL};\nconst char* const ${SYMBOL} =\n${pieces};\n")
