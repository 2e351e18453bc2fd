# How targets of this project are made: language level, warnings, aliases.

find_program(ATTNFLOW_CCACHE ccache)
if(ATTNFLOW_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${ATTNFLOW_CCACHE})
endif()

add_library(attnflow_options INTERFACE)
target_compile_features(attnflow_options INTERFACE cxx_std_20)
target_compile_options(attnflow_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow
  # False positives of g++ 12 in std::string and std::vector.
  "$<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-stringop-overflow>"
  $<$<BOOL:${ATTNFLOW_WERROR}>:-Werror>)

# attnflow_library(NAME SOURCES... [LINK targets...]): static library attnflow_NAME, alias attnflow::NAME.
function(attnflow_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(attnflow_${name} STATIC ${ARG_SOURCES})
  add_library(attnflow::${name} ALIAS attnflow_${name})
  target_include_directories(attnflow_${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
  target_link_libraries(attnflow_${name} PUBLIC ${ARG_LINK} PRIVATE $<BUILD_INTERFACE:attnflow_options>)
  target_compile_features(attnflow_${name} PUBLIC cxx_std_20)
endfunction()
