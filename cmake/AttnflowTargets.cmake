# How targets of this project are made and installed: language level, warnings, aliases, package.

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

add_library(attnflow_options INTERFACE)

# What ccache keeps serves every checkout: names of files count from the source folder, in its keys and in debug
# information.
find_program(ATTNFLOW_CCACHE ccache)
if(ATTNFLOW_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros ${ATTNFLOW_CCACHE})
  if(ATTNFLOW_PRECOMPILE AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    target_compile_options(attnflow_options INTERFACE -fpch-preprocess)  # ccache asks for it
  endif()
  target_compile_options(attnflow_options INTERFACE
    $<$<CONFIG:Debug,RelWithDebInfo>:-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=>)
endif()

target_compile_features(attnflow_options INTERFACE cxx_std_20)
target_compile_options(attnflow_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow
  # False positives of g++ 12 in std::string and std::vector; with precompiled headers there are more.
  "$<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-stringop-overflow>"
  "$<$<AND:$<CXX_COMPILER_ID:GNU>,$<BOOL:${ATTNFLOW_PRECOMPILE}>>:-Wno-array-bounds;-Wno-stringop-overread>"
  $<$<BOOL:${ATTNFLOW_WERROR}>:-Werror>)
if(ATTNFLOW_ASSERT_LEVEL GREATER 0)
  target_compile_definitions(attnflow_options INTERFACE
    ATTNFLOW_ASSERT_LEVEL=${ATTNFLOW_ASSERT_LEVEL} _GLIBCXX_ASSERTIONS)
endif()

# attnflow_dependency(PACKAGE [find_package arguments]): a package that the libraries need; programs
# that use an installed attnflow find it too.
macro(attnflow_dependency)
  find_package(${ARGV} REQUIRED)
  string(JOIN " " _attnflow_arguments ${ARGV})
  set_property(GLOBAL APPEND PROPERTY ATTNFLOW_DEPENDENCIES "find_dependency(${_attnflow_arguments})")
endmacro()

# attnflow_headers(NAME [OPTIONS...] [HEADERS more...]): compile options, and the headers of the standard library and
# fmt that nearly every file includes, read once for all targets that compile with NAME. Every file still includes what
# it uses: the thread sanitizer's build goes without.
function(attnflow_headers name)
  cmake_parse_arguments(ARG "" "" "OPTIONS;HEADERS" ${ARGN})
  add_library(${name} OBJECT ${PROJECT_SOURCE_DIR}/cmake/headers.cpp)
  target_link_libraries(${name} PRIVATE fmt::fmt attnflow_options)
  target_compile_options(${name} PRIVATE ${ARG_OPTIONS})
  if(ATTNFLOW_PRECOMPILE)
    target_precompile_headers(${name} PRIVATE
      <algorithm> <cmath> <cstdint> <filesystem> <functional> <map> <memory> <numeric> <optional> <span> <string>
      <string_view> <unordered_map> <utility> <variant> <vector> <fmt/format.h> ${ARG_HEADERS})
  endif()
endfunction()

function(attnflow_compile_with headers target)
  target_compile_options(${target} PRIVATE $<TARGET_PROPERTY:${headers},COMPILE_OPTIONS>)
  if(ATTNFLOW_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM ${headers})
  endif()
endfunction()

# Where no time is spent at run time, compile time counts.
set(ATTNFLOW_FAST $<$<NOT:$<CONFIG:Debug>>:-O1>)

# attnflow_library(NAME [FAST] SOURCES... [LINK targets...]): static library attnflow_NAME, alias attnflow::NAME.
function(attnflow_library name)
  cmake_parse_arguments(ARG "FAST" "" "SOURCES;LINK" ${ARGN})
  add_library(attnflow_${name} STATIC ${ARG_SOURCES})
  add_library(attnflow::${name} ALIAS attnflow_${name})
  target_include_directories(attnflow_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/attnflow>)
  target_link_libraries(attnflow_${name} PUBLIC ${ARG_LINK} PRIVATE $<BUILD_INTERFACE:attnflow_options>)
  target_compile_features(attnflow_${name} PUBLIC cxx_std_20)
  if(ARG_FAST)
    attnflow_compile_with(attnflow_headers_fast attnflow_${name})
  else()
    attnflow_compile_with(attnflow_headers attnflow_${name})
  endif()
  set_target_properties(attnflow_${name} PROPERTIES EXPORT_NAME ${name})
  install(TARGETS attnflow_${name} EXPORT attnflowTargets)
endfunction()

# attnflow_install(FOLDERS...): the headers of these folders and the package files of find_package(attnflow).
function(attnflow_install)
  install(DIRECTORY ${ARGN} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/attnflow FILES_MATCHING PATTERN "*.hpp")
  set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/attnflow)
  install(EXPORT attnflowTargets NAMESPACE attnflow:: DESTINATION ${package_dir})
  get_property(dependencies GLOBAL PROPERTY ATTNFLOW_DEPENDENCIES)
  list(JOIN dependencies "\n" ATTNFLOW_DEPENDENCIES)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/attnflowConfig.cmake.in attnflowConfig.cmake @ONLY)
  write_basic_package_version_file(attnflowConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/attnflowConfig.cmake
                ${CMAKE_CURRENT_BINARY_DIR}/attnflowConfigVersion.cmake DESTINATION ${package_dir})
endfunction()
