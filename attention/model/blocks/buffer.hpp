#pragma once
/// Memory for intermediate results: not cleared, and kept when it is asked for again.

#include <cstddef>
#include <memory>

namespace attnflow {

template <class T>
class Buffer {
public:
    /// Room for `count` elements with unspecified values.
    T* resize(std::size_t count) {
        if (count > capacity_) {
            data_ = std::make_unique_for_overwrite<T[]>(count);
            capacity_ = count;
        }
        return data_.get();
    }
    T* data() { return data_.get(); }
    const T* data() const { return data_.get(); }

private:
    std::unique_ptr<T[]> data_;
    std::size_t capacity_ = 0;
};

}  // namespace attnflow
