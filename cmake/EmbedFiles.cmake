# Makes a C++ source with the bytes of files: run as a script with
#   cmake -DOUT=x.cpp -DNAMESPACE=ns -DFILES="name=path;..." -P EmbedFiles.cmake
# Each file becomes `const std::string_view NAME`. Hexadecimal escapes in one string literal compile
# fast and need no tool but CMake.
set(code "#include <string_view>\n\nnamespace ${NAMESPACE} {\n\n")
foreach(entry IN LISTS FILES)
  string(REGEX MATCH "^([^=]+)=(.+)$" _ "${entry}")
  set(name ${CMAKE_MATCH_1})
  file(READ ${CMAKE_MATCH_2} hex HEX)
  string(LENGTH "${hex}" digits)
  math(EXPR bytes "${digits} / 2")
  string(REGEX REPLACE "(..)" "\\\\x\\1" escaped "${hex}")
  string(APPEND code "extern const std::string_view ${name};\n"
                     "const std::string_view ${name}{\"${escaped}\", ${bytes}};\n\n")
endforeach()
string(APPEND code "}  // namespace ${NAMESPACE}\n")
file(WRITE ${OUT} "${code}")
