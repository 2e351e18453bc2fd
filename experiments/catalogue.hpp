#pragma once
/// What the registries hold, as text for the terminal and as the reference page of the docs.

#include <string>

namespace attnflow {

std::string catalogue_text();
/// docs/reference.md; a test fails when the file differs.
std::string catalogue_markdown();
/// docs/troubleshooting.md, from the diagnoses that messages are made of; a test fails when the file differs.
std::string troubleshooting_markdown();
/// Everything called `name` in any family, the keys of a config for "config", or the page "troubleshooting".
/// Throws ParameterError with the nearest name when there is nothing.
std::string describe_name(const std::string& name);

}  // namespace attnflow
