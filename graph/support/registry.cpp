#include "graph/support/registry.hpp"

#include <mutex>

namespace attnflow {
namespace {

struct Noted {
    std::mutex mutex;
    std::vector<std::string> members;
};
Noted& noted() {
    static Noted all;
    return all;
}

}  // namespace

std::vector<std::string> outside_members() {
    Noted& all = noted();
    const std::lock_guard lock(all.mutex);
    return all.members;
}

void note_outside_member(const std::string& noun, const std::string& name) {
    Noted& all = noted();
    const std::lock_guard lock(all.mutex);
    all.members.push_back(fmt::format("{} '{}'", noun, name));
}

}  // namespace attnflow
