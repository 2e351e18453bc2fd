#pragma once
/// The store of a run: one SQLite file with what was asked, raw attributions, metrics and
/// failures. Open it with any SQLite tool; the view `results` joins names to numbers.
///
///   meta             key, value: config (TOML), environment, dataset, special tokens; tables: due or written; in
///                    runs that ask for words their first positions, by example
///   examples         id, tokens (JSON), label, predicted, group, checksums of its weights (JSON), done
///   reference_scores by example and name
///   points           method and axes (JSON) of each grid point; points with equal scores
///                    before read-out share an attribution
///   attributions     by example: the whole matrix of scores and its binding cuts (blob.hpp),
///                    the share of the attention that pruning dropped, how many rows it emptied, and how many
///                    flows were checked
///   diagnostics      what a method says of how it came to them, by name; warnings: what it doubts
///   binding_cuts     how many pairs each kind of cut binds
///   metrics          by example, point, reference, metric; NULL = undefined
///   failures         by example, point
///
/// Rows are written in transactions of about a quarter second of work (WAL,
/// synchronous=NORMAL): a killed process loses at most that, a power failure at most the
/// transactions since the last checkpoint, and the file is consistent after either.

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "algorithms/attribution_method.hpp"
#include "experiments/store/results.hpp"
#include "experiments/store/run_record.hpp"
#include "experiments/store/sqlite.hpp"
#include "experiments/study/plan.hpp"

namespace attnflow {

class RunStore {
public:
    static constexpr int schema_version = 3;
    /// amend: write a little, without a log.
    enum class Access { read, write, amend };

    /// A new store in `file`, which must not hold one; ":memory:" for one that is not kept.
    static std::unique_ptr<RunStore> create(const std::string& file, const RunRecord& record,
                                            const ComparisonNames& names);
    /// With Access::read all that is read is the run at this moment, whatever another process adds
    /// meanwhile. Throws InputError for a file that is no store, one of a newer version or damaged,
    /// and, for writing, one that fails SQLite's own check.
    static std::unique_ptr<RunStore> open(const std::string& file, Access access);
    /// True when `file` exists and a run has begun in it, as far as can be told without writing. Throws InputError
    /// where it or a file beside it is a link, or nothing that SQLite should touch (sqlite_vfs.hpp).
    static bool exists(const std::string& file);
    /// True for a database that some other program made, whole or damaged.
    static bool is_foreign(const std::string& file);
    /// False for a file that is no run of ours at all. Whether a merge was killed after it had stored a run in
    /// `file` and before it wrote the tables.
    static bool is_unfinished_merge(const std::string& file);
    /// Undoes or completes what a process that was killed had begun to change, where there is a file.
    static void recover(const std::string& file);

    const RunRecord& record() const { return record_; }
    const Plan& plan() const { return plan_; }
    const ComparisonNames& names() const { return names_; }

    // All below are safe for use by several threads.

    std::vector<bool> done_examples();
    std::vector<std::size_t> stored_attributions(std::size_t example);
    Attribution attribution(std::size_t example, std::size_t attribution);
    /// Numbers of the attributions that name binding cuts in some example, ascending.
    std::vector<std::size_t> attributions_with_cuts();
    std::size_t failures();

    /// `seconds`: what it cost to make them.
    void add(std::size_t example, std::span<const std::pair<std::size_t, Attribution>> attributions,
             double seconds);
    /// Marks the example as done, its cells with it.
    void finish(std::size_t example, const ExampleResults& results);
    /// Throws InputError where SQLite's own check finds damage. Reads the whole file.
    void check_pages();
    /// Adds the examples that `part`, another store of this run whose examples this one has too, has done and this
    /// one has not; only those without a failed cell, or all.
    void take(RunStore& part, bool with_failures);
    /// Adds the scores that `other` has of the same questions to the same examples, and no results. The first
    /// examples are those of `other`, in its order.
    void take_scores(RunStore& other);
    /// Forgets the outcome of examples with failed cells, so that these are tried again.
    void retry_failures();
    /// Forgets all scores that this object stored and the results of their examples: what they were made of turned
    /// out to be another file.
    void forget_own();
    /// Whether results were stored since tables were made of them. Set with the results, in one transaction; false
    /// for a store of an older version, which does not say.
    bool tables_due();
    void set_tables_due();
    void set_tables_written();
    /// Marks the result of a merge that has no tables yet.
    void set_merging(bool merging);
    /// Puts other results in place of all there are, in one transaction.
    void replace_results(const std::string& config_toml, const ComparisonNames& names,
                         const std::vector<ExampleResults>& by_example);
    void commit();
    /// Commits and leaves one plain file that can be read from a read-only folder. Throws InputError where the
    /// file is no longer where it was opened, as all that writes does.
    void close();

    /// Throws InputError for rows that do not fit each other.
    Results results(bool with_attributions);

private:
    RunStore(const std::string& file, sqlite::Database::Access access) : database_(file, access) {}

    void create_schema(const RunRecord& record, const ComparisonNames& names);
    void write_names(const ComparisonNames& names);
    void write_results(std::size_t example, const ExampleResults& results);
    void read_record();
    void read_examples();
    void read_points();
    void read_names();
    void begin();
    void begin_results();
    void check_place() const;
    void commit_locked();
    std::int64_t cell(std::size_t example, std::size_t attribution) const;
    Attribution read_attribution(std::size_t example, std::size_t attribution, sqlite::Statement& row) const;
    void write_diagnostics(std::int64_t cell, const Diagnostics& diagnostics);
    std::map<std::int64_t, Diagnostics> read_diagnostics(std::int64_t first, std::int64_t last);
    void read_rows(Results& results);
    void read_pruning(Results& results);
    void read_diagnostics(Results& results);
    void read_fixed_point(Results& results);

    std::mutex mutex_;
    sqlite::Database database_;
    RunRecord record_;
    Plan plan_;
    ComparisonNames names_;
    double seconds_at_risk_ = 0.0;
    std::size_t bytes_at_risk_ = 0;
    bool marked_due_ = false;
    std::set<std::size_t> own_;            ///< examples of which this object stored something
    std::vector<std::int64_t> own_cells_;  ///< scores that it stored
};

}  // namespace attnflow
