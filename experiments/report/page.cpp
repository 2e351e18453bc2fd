#include "experiments/report/page.hpp"

#include "graph/support/text.hpp"

namespace attnflow {

std::string escape_html(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '&':
                out += "&amp;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

namespace {

std::string page_around(const ReportData& data, std::string_view body) {
    std::string page;
    page.reserve(data.json.size() + report_asset::script.size() + report_asset::style.size() + body.size() + 4096);
    page += "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
    page += "<meta http-equiv=\"Content-Security-Policy\" content=\"";
    page += escape_html(report_asset::policy);
    page += "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>";
    page += escape_html(escape_controls(data.name));
    page += " - attnflow report</title>\n<style>";
    page += report_asset::style;
    page += "</style>\n</head>\n<body>\n";
    page += body;
    page += "<script type=\"application/json\" id=\"attnflow-data\">";
    page += data.json;
    page += "</script>\n<script>";
    page += report_asset::script;
    page += "</script>\n</body>\n</html>\n";
    return page;
}

}  // namespace

std::string report_page(const ReportData& data) {
    return page_around(
        data,
        "<noscript>This report draws its charts with JavaScript, which is switched off. The numbers "
        "are in the CSV files of the run.</noscript>\n<main id=\"report\"></main>\n"
        "<div id=\"attnflow-licences\" hidden>" +
            escape_html(report_asset::licences) + "</div>\n");
}

std::string figure_page(const ReportData& data, const std::string& options) {
    return page_around(data, "<div id=\"attnflow-figures\" hidden>" + escape_html(options) + "</div>\n");
}

}  // namespace attnflow
