#pragma once
/// Figures of a run as files for a publication.

#include <atomic>
#include <string>
#include <vector>

#include "experiments/report/report_data.hpp"
#include "graph/support/files/output_file.hpp"

namespace attnflow {

enum class FigureFormat { svg, png, pdf, csv };

/// Names of all figures, in the order of the report; a run may lack the data for some.
const std::vector<std::string>& figure_names();

/// What make_figures would throw about its arguments and about programs that are not installed,
/// before any work is done.
void check_figures(FigureFormat format, const std::string& only);

/// (file name, content) of every figure that the run has data for, or of `only` when that is
/// not empty. CSV needs no other program: it is the table that the figure is drawn from. SVG is
/// drawn by the bundled asset in node, else in Chromium; PNG and PDF are made from it by
/// librsvg. Throws ParameterError for an unknown name, InputError naming the package where no
/// such program is installed, or with its words where it fails; Stopped when `stop` becomes true, with nothing
/// left of what they made.
NamedFiles make_figures(const ReportData& data, FigureFormat format, const std::string& only,
                        const std::atomic<bool>* stop = nullptr);

}  // namespace attnflow
