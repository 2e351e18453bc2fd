# Makes a C++ source with a checksum of the code that a result depends on: run as a script with
#   cmake -DOUT=x.cpp -DROOT=DIR -DBUILD=text "-DEXTRACTION=folder;..." "-DRESULTS=folder;..." -P CodeChecksum.cmake
# The first covers what extracted attention depends on, the second what scores and their comparison do. Both hold
# BUILD (compiler and flags), and neither what only shows a result: a change of the report keeps caches and runs.
function(checksum_of out)
  set(all "${BUILD}\n")
  foreach(folder IN LISTS ARGN)
    file(GLOB_RECURSE files RELATIVE ${ROOT}
      ${ROOT}/${folder}/*.cpp ${ROOT}/${folder}/*.hpp ${ROOT}/${folder}/*.cmake)
    list(SORT files)
    foreach(file IN LISTS files)
      file(SHA256 ${ROOT}/${file} sum)
      string(APPEND all "${sum} ${file}\n")
    endforeach()
  endforeach()
  string(SHA256 sum "${all}")
  string(SUBSTRING ${sum} 0 16 sum)
  set(${out} ${sum} PARENT_SCOPE)
endfunction()

checksum_of(extraction ${EXTRACTION})
checksum_of(results ${RESULTS})
file(WRITE ${OUT} "#include \"experiments/version.hpp\"

namespace attnflow {

const char* extraction_code() { return \"${extraction}\"; }
const char* results_code() { return \"${results}\"; }

}  // namespace attnflow
")
