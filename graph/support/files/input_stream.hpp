#pragma once
/// A regular file as a stream, for readers that take it piece by piece.

#include <algorithm>
#include <streambuf>
#include <vector>

#include "graph/support/files/input_file.hpp"

namespace attnflow {

/// Reads as InputFile does, with its errors as exceptions (a std::istream passes them on only when its
/// exceptions() say so).
class InputBuffer : public std::streambuf {
public:
    explicit InputBuffer(InputFile file) : file_(std::move(file)), buffer_(std::size_t{1} << 16) {}
    const InputFile& file() const { return file_; }

protected:
    int_type underflow() override {
        const std::size_t count = std::min(buffer_.size(), file_.size() - offset_);
        if (count == 0) return traits_type::eof();
        file_.read(offset_, std::span(buffer_).first(count));
        offset_ += count;
        setg(buffer_.data(), buffer_.data(), buffer_.data() + count);
        return traits_type::to_int_type(*gptr());
    }

private:
    InputFile file_;
    std::vector<char> buffer_;
    std::size_t offset_ = 0;
};

}  // namespace attnflow
