#pragma once

#include <string>

namespace attnflow::testing {

/// The text of the E that `action` throws, "" when it throws none.
template <class E, class Action>
std::string message_of(Action action) {
    try {
        action();
    } catch (const E& error) {
        return error.what();
    }
    return "";
}

}  // namespace attnflow::testing
