/// The absolute paths of this build. They stand in this small file alone, so that all others
/// compile to the same bytes in every checkout, which ccache likes.

#include "tests/run_command.hpp"

std::string attnflow::testing::source_folder() { return ATTNFLOW_SOURCE_FOLDER; }
std::string attnflow::testing::executable() { return ATTNFLOW_EXECUTABLE; }
