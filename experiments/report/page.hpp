#pragma once
/// The report as one self-contained HTML file.

#include <string>
#include <string_view>

#include "experiments/report/report_data.hpp"

namespace attnflow {

/// The bundled web asset (web/dist), as bytes in this program.
namespace report_asset {
extern const std::string_view script;
extern const std::string_view style;
extern const std::string_view policy;  ///< the content-security policy, with the hashes of both
extern const std::string_view licences;
extern const std::string_view node_driver;  ///< runs `script` in node, for figures
}  // namespace report_asset

/// HTML that needs no network and no server. Its policy allows the embedded script and style by
/// their hashes and nothing else; the data stand in a JSON block without '<', so no text of
/// theirs can end it.
std::string report_page(const ReportData& data);

/// A page that draws figures instead and leaves them as JSON in #attnflow-figures-result; for
/// figures.cpp. `options` is the JSON that the asset's figures() takes.
std::string figure_page(const ReportData& data, const std::string& options);

/// `text` for element content or a quoted attribute.
std::string escape_html(std::string_view text);

}  // namespace attnflow
