#include "experiments/cli/app.hpp"

int main(int argc, char** argv) { return attnflow::run_app(argc, argv); }
