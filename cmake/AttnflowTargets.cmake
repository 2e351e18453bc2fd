# How targets of this project are made and installed: language level, warnings, aliases, package.

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

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

# attnflow_library(NAME SOURCES... [LINK targets...]): static library attnflow_NAME, alias attnflow::NAME.
function(attnflow_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(attnflow_${name} STATIC ${ARG_SOURCES})
  add_library(attnflow::${name} ALIAS attnflow_${name})
  target_include_directories(attnflow_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/attnflow>)
  target_link_libraries(attnflow_${name} PUBLIC ${ARG_LINK} PRIVATE $<BUILD_INTERFACE:attnflow_options>)
  target_compile_features(attnflow_${name} PUBLIC cxx_std_20)
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
