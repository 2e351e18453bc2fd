#pragma once
/// Examples with their attention, tokens, labels and reference scores, from a
/// safetensors, npz or npy file.
///
/// A dataset file holds for every example ID
///   ID.attentions     [L, H, n, n], or one ID.attentions.K [H, n, n] a layer, K = 0 at the input;
///   or ID.layers.K    [H, queries, keys] or [queries, keys], layers of any width that form a
///                     chain: merged tokens, encoder and decoder; docs/data-format.md has examples;
///   ID.NAME           [n], optional: a reference score for each token (NAME without a dot);
///   ID.NAME           [L, n, n] or [L, H, n, n], optional: ready-made edge weights;
///   ID.attention_mask [n], optional: 1 for tokens, 0 for padding, which is then left out everywhere; where there
///                     is none, attn_mask or input_mask, if it is alone and holds 0 and 1 only;
///   ID.word_ids       [n], optional: the word that each token is of, -1 or NaN for none.
/// A single-example file holds the same without "ID."; attention, references and weights
/// (not layers) may have a leading batch axis B; see tensor_axes.hpp for what tells B from L. Its examples are
/// called as the file without extension, followed by /0, /1, ... when B > 1. Axes are [layer, head, query, key].
/// Names of a tokenizer's output (input_ids, token_type_ids, ...) are never references; what only ends as they do
/// (rationale_mask) is one for who asks for it.
///
/// Metadata, all optional. In a dataset: `examples`, a JSON list of {id, tokens, label,
/// predicted, group, attractors, position, unknown} that also gives the order (else by name); where it does not
/// say, `tokens` and `labels`, JSON objects by id. `position` is that of the masked token which a language model
/// fills in; where there is `separators_inside`, a text held separators (called `separator_token`) and was read as
/// one text; `unknown` lists the positions of words that the model read as its token for unknown words, which is
/// called `unknown_token`. Without it these are the tokens "[UNK]", "<unk>" and "<UNK>", or those called
/// `unknown_token`. `word_ids` numbers the word that each token is of, null for one of none, as the tokenizers of
/// Hugging Face do; it goes before a tensor of that name, and without either the tokens tell, see words.hpp. Where
/// `tokens` are those that a mask keeps, `position` and `unknown` are counted in them, else in the tensors. In a
/// single-example file: `tokens`, a JSON list (of lists for B > 1), and `word_ids` likewise. Without tokens they
/// are called #0, #1, ... Whatever is not used here is not looked at.

#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "attention/attention_stack.hpp"
#include "attention/files/tensor_file.hpp"
#include "attention/words.hpp"

namespace attnflow {

/// What is to be said where `texts` ("the text of ex0") hold separators inside, which a model with token types
/// read as one text; or, of a pair, as more than two.
std::string separators_note(const std::string& texts, const std::string& separator, bool is_pair);

/// Words that a model read as its token for unknown words.
struct UnknownWords {
    std::string token = {};                   ///< "[UNK]"; may be "" where there are none
    std::vector<std::size_t> positions = {};  ///< ascending

    bool has(std::size_t position) const;
};

struct Example {
    std::string id;
    std::vector<std::string> tokens;  ///< n of them: the positions of the input
    AttentionStack attention;
    std::map<std::string, std::vector<double>> references;  ///< by NAME, n values each
    std::map<std::string, TensorView> weights;              ///< by NAME; valid as long as `attention` lives
    std::optional<std::int64_t> label = {};
    std::optional<std::int64_t> predicted = {};
    std::optional<std::int64_t> attractors = {};
    std::string group = {};                  ///< "" when there is none
    std::optional<std::size_t> masked = {};  ///< position whose token a language model fills in
    AttentionStack::Kept kept = nullptr;     ///< of the positions in the tensors; nullptr for all
    /// Why there is none; `attention` then is the shape of some edge weights. "" where there is attention.
    std::string no_attention = {};
    UnknownWords unknown = {};
    std::optional<WordIds> word_ids = {};              ///< where the file says them
    std::shared_ptr<const WordJoin> joined = nullptr;  ///< what made words its positions, see in_words()
    /// As `references`, but called as what a tokenizer gives: references for who asks for them by name.
    std::map<std::string, std::vector<double>> by_name_only = {};

    /// The reference `name`, of either kind; nullptr where there is none.
    const std::vector<double>* reference(const std::string& name) const {
        for (const auto* all : {&references, &by_name_only}) {
            if (const auto found = all->find(name); found != all->end()) return &found->second;
        }
        return nullptr;
    }

    WordFinder::Text text() const { return {&tokens, word_ids ? &*word_ids : nullptr}; }
};

struct DatasetOptions {
    /// Name of the attention in place of attentions, a * standing for the number of a layer. "" for the usual
    /// names.
    std::string attention = {};
};

/// What weights_by_name() calls the attention itself.
inline constexpr const char* attention_weights = "attention";

/// The weights that an example's network is made of: its attention for attention_weights, else the
/// ready-made weights `name`. Valid as long as the example lives; values are not checked.
/// Throws ParameterError, with the nearest name, when it has none of that name; InputError with
/// Example::no_attention.
AttentionStack weights_by_name(const Example& example, const std::string& name);

/// The same example with words for positions: tokens, attention and edge weights, references (sums), the masked
/// position and unknown words. Valid as long as `example` is. Throws InputError where layers are not as wide as
/// the text.
Example in_words(const Example& example, const Words& words, JoinRows rows);

class Dataset {
public:
    /// Reads the header and checks names, shapes, types and the metadata of every example;
    /// no attention is read. Throws InputError ("<path>: tensor 'x': ...") for a file that
    /// does not keep to the format above. A file with edge weights only opens; its attention is refused when it is
    /// asked for. O(t log t) for t tensors.
    static Dataset open(const std::string& path, const DatasetOptions& options = {});

    /// How things were read where that is not plain from the format: axes, padding, what was left out. A sentence
    /// each.
    const std::vector<std::string>& notes() const { return notes_; }

    const std::string& path() const { return file_->path(); }
    /// Throws InputError unless the file is what it was when it was opened. What examples gave before counts only
    /// then.
    void check_unchanged() const { file_->check_unchanged(); }
    std::size_t size() const { return ids_.size(); }
    const std::vector<std::string>& ids() const { return ids_; }
    const std::map<std::string, std::string>& metadata() const { return file_->metadata(); }
    /// Whether every example has a masked position.
    bool is_masked() const;

    /// Throws ParameterError when there is no example `index` (from 0). The result is usable
    /// after the dataset is gone.
    Example example(std::size_t index) const;

    /// SHA-256 of what scores of an example depend on besides its tokens, words and references: of its attention
    /// (attention_weights) and edge weights by name, with types and shapes, and of what is padding or masked
    /// ("positions"). Equal in every file that holds the same. Reads all of it. Throws as
    /// example() does.
    std::map<std::string, std::string> checksums(std::size_t index) const;

    /// Words that the model did not know, over all examples.  O(tokens).
    struct UnknownCount {
        std::size_t words = 0;
        std::size_t examples = 0;  ///< that have some
        std::string token = {};    ///< what they were read as; of the last, where files differ in it
    };
    UnknownCount count_unknown() const;

    /// What tells the words of the first `examples`; `special` are words of their own. Throws InputError where one
    /// has no tokens, and where nothing tells them.  O(tokens).
    WordFinder word_finder(std::size_t examples, const std::vector<std::string>& special) const;

    /// The metadata `special_tokens`, a JSON list of texts; nothing when the file does not say. Throws
    /// InputError when it is something else.
    std::optional<std::vector<std::string>> special_tokens() const;

    /// What an extraction left of its settings, by name; empty where the file was not extracted. Throws
    /// InputError when the metadata `extraction` is no JSON object of texts.
    std::map<std::string, std::string> extraction() const;

    /// Throws ParameterError, with the nearest id, when there is no such example.
    std::size_t index_of(std::string_view id) const;

private:
    /// What is known of an example without reading tensors. `attention` is either one
    /// tensor [L, H, n, n] or, when `layer_by_layer`, one [H, n, n] for each layer; `chain`:
    /// layers of any width.
    struct Entry {
        std::vector<TensorView> attention;
        bool layer_by_layer = false;
        bool chain = false;
        std::map<std::string, TensorView> references;
        std::map<std::string, TensorView> by_name_only;
        std::map<std::string, TensorView> weights;
        std::vector<std::string> tokens;
        std::optional<std::int64_t> label;
        std::optional<std::int64_t> predicted;
        std::optional<std::int64_t> attractors;
        std::string group;
        std::optional<std::size_t> masked;
        AttentionStack::Kept kept;
        std::string no_attention;
        std::optional<std::vector<std::size_t>> unknown;  ///< where the metadata says so
        std::optional<WordIds> word_ids;                  ///< likewise

        std::size_t layers() const { return layer_by_layer ? attention.size() : attention.front().shape[0]; }
        /// Of the tensors, padding included.
        std::size_t positions() const { return attention.front().shape.back(); }
        std::vector<std::string> default_tokens() const;
        /// Where `position` is without padding, nothing where it is padding.
        std::optional<std::size_t> after_cropping(std::size_t position) const;
        void crop(const std::optional<TensorView>& mask, const std::string& where);
        /// False when `tensor` is neither a reference nor weights by its shape and type.
        bool add_other(const std::string& name, const TensorView& tensor);
    };
    struct Reader;

    const Entry& entry(std::size_t index) const;
    UnknownWords unknown_words(const Entry& entry) const;

    std::shared_ptr<const TensorFile> file_;
    std::vector<std::string> notes_;
    std::vector<std::string> ids_;
    std::vector<Entry> entries_;  ///< in the order of ids_
    std::map<std::string, std::size_t, std::less<>> index_;
};

/// What `work` returns, which reads examples of the dataset. Where the file changed meanwhile that is the error,
/// whatever `work` made of it: rows that are zero are no fault of an attention whose file was cut short.
template <class Work>
auto unless_changed(const Dataset& dataset, Work work) {
    try {
        if constexpr (std::is_void_v<decltype(work())>) {
            work();
            dataset.check_unchanged();
        } else {
            auto result = work();
            dataset.check_unchanged();
            return result;
        }
    } catch (const std::exception&) {
        dataset.check_unchanged();
        throw;
    }
}

}  // namespace attnflow
