#include "experiments/store/run_store.hpp"

#include <algorithm>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "attention/files/json.hpp"
#include "experiments/store/blob.hpp"

namespace attnflow {
namespace {

using Json = nlohmann::ordered_json;
using sqlite::Statement;

constexpr int application_id = 0x61666c77;  // "aflw": what `file` and we know the format by
constexpr double most_seconds_at_risk = 0.25;
constexpr std::size_t most_bytes_at_risk = 16u << 20;

const char* const schema = R"(
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE examples(example INTEGER PRIMARY KEY, id TEXT NOT NULL, tokens TEXT NOT NULL, label INTEGER,
                      predicted INTEGER, "group" TEXT NOT NULL, checksums TEXT NOT NULL,
                      done INTEGER NOT NULL DEFAULT 0);
CREATE TABLE reference_scores(example INTEGER, name TEXT, scores BLOB NOT NULL,
                              PRIMARY KEY(example, name)) WITHOUT ROWID;
CREATE TABLE points(point INTEGER PRIMARY KEY, attribution INTEGER NOT NULL, in_grid INTEGER NOT NULL,
                    method TEXT NOT NULL, axes TEXT NOT NULL);
CREATE TABLE attributions(cell INTEGER PRIMARY KEY, example INTEGER NOT NULL, attribution INTEGER NOT NULL,
                          sources INTEGER NOT NULL, tokens INTEGER NOT NULL, bits INTEGER, error_bound REAL,
                          rounded_to_zero INTEGER, checksum INTEGER NOT NULL, scores BLOB NOT NULL, cuts BLOB,
                          pruned REAL, emptied INTEGER NOT NULL, checked INTEGER NOT NULL);
CREATE TABLE diagnostics(cell INTEGER, name TEXT, value REAL NOT NULL, PRIMARY KEY(cell, name)) WITHOUT ROWID;
CREATE TABLE warnings(cell INTEGER, number INTEGER, message TEXT NOT NULL, PRIMARY KEY(cell, number)) WITHOUT ROWID;
CREATE TABLE binding_cuts(cell INTEGER, cut TEXT, pairs INTEGER NOT NULL, PRIMARY KEY(cell, cut)) WITHOUT ROWID;
CREATE TABLE reference_names(reference INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE metric_names(metric INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE metrics(example INTEGER, point INTEGER, reference INTEGER, metric INTEGER, value REAL,
                     PRIMARY KEY(example, point, reference, metric)) WITHOUT ROWID;
CREATE TABLE failures(example INTEGER, point INTEGER, message TEXT NOT NULL,
                      PRIMARY KEY(example, point)) WITHOUT ROWID;
CREATE VIEW results AS
  SELECT examples.id AS example, points.method, points.axes, reference_names.name AS reference,
         metric_names.name AS metric, metrics.value
  FROM metrics JOIN examples USING(example) JOIN points USING(point) JOIN reference_names USING(reference)
       JOIN metric_names USING(metric);
)";

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json axes_json(const GridPoint& point) {
    Json json = Json::object();
    for (const auto& [name, value] : point.values) {
        std::visit([&, &key = name](const auto& v) { json[key] = v; }, value);
    }
    return json;
}

ParameterValue axis_value(const nlohmann::json& json, const std::string& where) {
    if (json.is_boolean()) return json.get<bool>();
    if (json.is_number_integer()) return json.get<std::int64_t>();
    if (json.is_number_float()) return json.get<double>();
    if (json.is_string()) return json.get<std::string>();
    throw InputError(where + ": an axis has a value that is neither number nor text");
}

std::vector<std::string> texts(std::string_view json, const std::string& where) {
    const auto list = parse_json(json, where);
    std::vector<std::string> out;
    for (const auto& item : list) {
        if (!list.is_array() || !item.is_string()) throw InputError(where + ": expected a list of strings");
        out.push_back(item.get<std::string>());
    }
    return out;
}

std::map<std::string, std::string> checksums_of(std::string_view json, const std::string& where) {
    const auto object = parse_json(json, where);
    const auto is_text = [](const auto& item) { return item.is_string(); };
    if (!object.is_object() || !std::all_of(object.begin(), object.end(), is_text))
        throw InputError(where + ": expected an object of texts");
    return object.get<std::map<std::string, std::string>>();
}

/// By example the first position of each word; "" for a run that asks for no words.
std::string words_json(const std::vector<ExampleRecord>& examples) {
    Json all = Json::array();
    for (const ExampleRecord& example : examples) {
        if (example.words.empty()) return "";
        all.push_back(example.words);
    }
    return dump(all);
}

void read_words(std::string_view json, std::vector<ExampleRecord>& examples, const std::string& where) {
    const auto all = parse_json(json, where);
    if (!all.is_array() || all.size() != examples.size())
        throw InputError(where + ": expected a list for each example");
    for (std::size_t i = 0; i < examples.size(); ++i) {
        for (const auto& first : all[i]) {
            if (!all[i].is_array() || !first.is_number_unsigned())
                throw InputError(where + ": expected lists of positions");
            examples[i].words.push_back(first.get<std::size_t>());
        }
        try {
            Words(examples[i].words, examples[i].tokens.size());
        } catch (const InputError& error) {
            throw InputError(fmt::format("{}: {}: {}", where, escape_controls(examples[i].id), error.what()));
        }
    }
}

std::optional<std::int64_t> optional_integer(const Statement& row, int column) {
    if (row.is_null(column)) return std::nullopt;
    return row.integer(column);
}

void bind_optional(Statement& statement, const std::optional<std::int64_t>& value) {
    if (value) {
        statement.bind(*value);
    } else {
        statement.bind_null();
    }
}

}  // namespace

std::unique_ptr<RunStore> RunStore::create(const std::string& file, const RunRecord& record,
                                           const ComparisonNames& names) {
    std::unique_ptr<RunStore> store(new RunStore(file, sqlite::Database::Access::create));
    sqlite::Database& database = store->database_;
    database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    store->create_schema(record, names);
    store->record_ = record;
    store->names_ = names;
    store->plan_ = plan_of(record.points, record.grid_size);
    return store;
}

void RunStore::create_schema(const RunRecord& record, const ComparisonNames& names) {
    begin();
    database_.execute(schema);
    Json environment = Json::object();
    for (const auto& [key, value] : record.environment) environment[key] = value;
    Statement meta = database_.prepare("INSERT INTO meta VALUES(?, ?)");
    for (const auto& [key, value] :
         {std::pair{"name", record.name},
          {"preset", record.preset},
          {"config", record.config_toml},
          {"environment", dump(environment)},
          {"dataset", record.dataset},
          {"largest_row_sum_deviation", fmt::format("{}", record.largest_row_sum_deviation)},
          {"special_tokens", dump(record.special_tokens)}}) {
        meta.bind(std::string_view(key)).bind(std::string_view(value)).run();
    }
    if (const std::string words = words_json(record.examples); !words.empty())
        meta.bind(std::string_view("words")).bind(std::string_view(words)).run();
    Statement example = database_.prepare(
        "INSERT INTO examples(example, id, tokens, label, predicted, \"group\", checksums) "
        "VALUES(?, ?, ?, ?, ?, ?, ?)");
    Statement scores = database_.prepare("INSERT INTO reference_scores VALUES(?, ?, ?)");
    for (std::size_t i = 0; i < record.examples.size(); ++i) {
        const ExampleRecord& entry = record.examples[i];
        example.bind(i).bind(std::string_view(entry.id)).bind(std::string_view(dump(entry.tokens)));
        bind_optional(example, entry.label);
        bind_optional(example, entry.predicted);
        example.bind(std::string_view(entry.group)).bind(std::string_view(dump(Json(entry.checksums)))).run();
        for (const auto& [name, values] : entry.references) {
            scores.bind(i).bind(std::string_view(name)).bind(encode(values)).run();
        }
    }
    const Plan plan = plan_of(record.points, record.grid_size);
    Statement point = database_.prepare("INSERT INTO points VALUES(?, ?, ?, ?, ?)");
    for (std::size_t p = 0; p < plan.points.size(); ++p) {
        point.bind(p).bind(plan.attribution_of[p]).bind(std::size_t{p < plan.grid_size ? 1u : 0u});
        point.bind(std::string_view(plan.points[p].method))
            .bind(std::string_view(dump(axes_json(plan.points[p]))));
        point.run();
    }
    write_names(names);
    database_.execute(
        fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", application_id, schema_version));
    commit_locked();
}

void RunStore::write_names(const ComparisonNames& names) {
    const auto write = [&](const char* sql, const std::vector<std::string>& list) {
        Statement statement = database_.prepare(sql);
        for (std::size_t i = 0; i < list.size(); ++i) statement.bind(i).bind(std::string_view(list[i])).run();
    };
    write("INSERT INTO reference_names VALUES(?, ?)", names.references);
    write("INSERT INTO metric_names VALUES(?, ?)", names.metrics);
}

namespace {

std::uintmax_t bytes_of(const std::string& file) {
    std::error_code none;
    const auto size = std::filesystem::file_size(file, none);
    return none ? 0 : size;
}

/// As much as can be read without writing. With a journal that is what the file itself says, which tells whether
/// there are tables: journals of a run cover the kind of journal alone.
sqlite::Database::Access reading(const std::string& file) {
    return bytes_of(file + "-journal") > 0 ? sqlite::Database::Access::glance : sqlite::Database::Access::read;
}

/// Whether there is a log that a reader cannot use, because the shared memory that belongs to it is missing.
bool has_lone_log(const std::string& file) {
    std::error_code none;
    return bytes_of(file + "-wal") > 0 && !std::filesystem::exists(file + "-shm", none);
}

/// Whether tables and views are ours to the letter: a view in place of a table could answer without end, a check
/// could compute without end, and readers rely on the keys.
bool has_schema_of_runs(sqlite::Database& database) {
    const auto tables = [](sqlite::Database& of) {
        std::vector<std::string> all;
        for (Statement row = of.prepare("SELECT type, name, coalesce(sql, '') FROM sqlite_master"); row.step();)
            all.push_back(fmt::format("{} {} {}", row.text(0), row.text(1), row.text(2)));
        std::sort(all.begin(), all.end());
        return all;
    };
    sqlite::Database empty(":memory:", sqlite::Database::Access::create);
    empty.execute(schema);
    return tables(database) == tables(empty);
}

}  // namespace

bool RunStore::exists(const std::string& file) {
    sqlite::check_store_files(file, sqlite::Purpose::read);
    if (bytes_of(file) == 0) return false;
    if (has_lone_log(file)) return true;
    // A process that dies while it creates the schema leaves a valid file without tables.
    return sqlite::Database(file, reading(file)).value("SELECT count(*) FROM sqlite_master") != "0";
}

bool RunStore::is_foreign(const std::string& file) {
    try {
        if (!exists(file)) return false;
        const bool lone = has_lone_log(file);
        sqlite::Database database(file, lone ? sqlite::Database::Access::glance : reading(file));
        if (lone && database.value("SELECT count(*) FROM sqlite_master") == "0") return false;
        return database.value("PRAGMA application_id") != std::to_string(application_id);
    } catch (const InputError&) {
        // Damaged: its header may still say whose it is (database file format, section 1.3).
        return sqlite::Database(file, sqlite::Database::Access::glance).header(68, 4) != "aflw";
    }
}

bool RunStore::is_unfinished_merge(const std::string& file) {
    if (is_foreign(file) || has_lone_log(file)) return false;
    sqlite::Database database(file, reading(file));
    return has_schema_of_runs(database) &&
           database.value("SELECT count(*) FROM meta WHERE key = 'merging'") == "1";
}

void RunStore::recover(const std::string& file) {
    if (bytes_of(file) == 0) return;
    sqlite::Database(file, sqlite::Database::Access::write).value("SELECT count(*) FROM sqlite_master");
}

std::unique_ptr<RunStore> RunStore::open(const std::string& file, Access access) {
    const bool writes = access != Access::read;
    std::unique_ptr<RunStore> store(
        new RunStore(file, writes ? sqlite::Database::Access::write : sqlite::Database::Access::read));
    sqlite::Database& database = store->database_;
    // One view of a file that is being written. Any other has no log to read beside, and a transaction
    // would only keep a later writer away.
    if (!writes && database.value("PRAGMA journal_mode") == "wal") database.execute("BEGIN");
    if (database.value("PRAGMA application_id") != std::to_string(application_id)) {
        throw InputError(fmt::format("{}: is not the store of a run", database.file()));
    }
    const std::string version = database.value("PRAGMA user_version");
    if (version != std::to_string(schema_version)) {
        throw InputError(
            fmt::format("{}: was written by another version of attnflow (store version {}, this "
                        "program reads {}); use that version, or run the config again",
                        database.file(), version, schema_version));
    }
    // Before any statement that reads tables: what a schema of somebody else computes may never end.
    if (!has_schema_of_runs(database)) {
        throw InputError(
            fmt::format("{}: its tables are not those of a run; the file was changed", database.file()));
    }
    if (writes) store->check_pages();
    store->read_record();
    if (access == Access::write) database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    return store;
}

void RunStore::check_pages() {
    const std::string damage = database_.value("PRAGMA quick_check(1)");
    if (damage != "ok") throw InputError(fmt::format("{}: is damaged: {}", database_.file(), excerpt(damage)));
}

void RunStore::read_record() {
    std::map<std::string, std::string> meta;
    for (Statement row = database_.prepare("SELECT key, value FROM meta"); row.step();) {
        meta.emplace(row.text(0), row.text(1));
    }
    const auto value = [&](const char* key) -> const std::string& {
        const auto found = meta.find(key);
        if (found == meta.end()) throw InputError(fmt::format("{}: meta has no '{}'", database_.file(), key));
        return found->second;
    };
    record_.name = value("name");
    record_.preset = value("preset");
    record_.config_toml = value("config");
    record_.dataset = value("dataset");
    record_.special_tokens = texts(value("special_tokens"), database_.file() + ": special_tokens");
    record_.largest_row_sum_deviation =
        std::get<double>(ParameterSpec{.name = "largest_row_sum_deviation", .summary = "", .fallback = 0.0}.parse(
            value("largest_row_sum_deviation"), database_.file()));
    const auto environment = parse_json(value("environment"), database_.file() + ": environment");
    for (const auto& [key, entry] : environment.items()) {
        if (!entry.is_string()) throw InputError(database_.file() + ": environment holds more than text");
        record_.environment[key] = entry.get<std::string>();
    }
    read_examples();
    if (const auto words = meta.find("words"); words != meta.end())
        read_words(words->second, record_.examples, database_.file() + ": words");
    read_points();
    read_names();
}

void RunStore::read_names() {
    const auto read = [&](const char* sql, std::vector<std::string>& list) {
        for (Statement row = database_.prepare(sql); row.step();) {
            if (row.index(0) != list.size()) {
                throw InputError(
                    fmt::format("{}: the name of a reference or metric is missing", database_.file()));
            }
            list.emplace_back(row.text(1));
        }
    };
    read("SELECT reference, name FROM reference_names ORDER BY reference", names_.references);
    read("SELECT metric, name FROM metric_names ORDER BY metric", names_.metrics);
}

void RunStore::read_examples() {
    Statement row = database_.prepare(
        "SELECT example, id, tokens, label, predicted, \"group\", checksums FROM examples ORDER BY example");
    while (row.step()) {
        if (row.index(0) != record_.examples.size()) {
            throw InputError(fmt::format("{}: example {} is missing", database_.file(), record_.examples.size()));
        }
        record_.examples.push_back({.id = std::string(row.text(1)),
                                    .tokens = texts(row.text(2), database_.file() + ": tokens"),
                                    .references = {},
                                    .label = optional_integer(row, 3),
                                    .predicted = optional_integer(row, 4),
                                    .group = std::string(row.text(5)),
                                    .words = {},
                                    .checksums = checksums_of(row.text(6), database_.file() + ": checksums")});
    }
    Statement scores = database_.prepare("SELECT example, name, scores FROM reference_scores");
    while (scores.step()) {
        const std::size_t example = scores.index(0);
        if (example >= record_.examples.size()) {
            throw InputError(fmt::format("{}: scores of example {}, which is missing", database_.file(), example));
        }
        ExampleRecord& owner = record_.examples[example];
        owner.references[std::string(scores.text(1))] = decode_values(scores.blob(2), owner.tokens.size());
    }
}

void RunStore::read_points() {
    std::vector<std::size_t> attributions;
    Statement row =
        database_.prepare("SELECT point, attribution, in_grid, method, axes FROM points ORDER BY point");
    while (row.step()) {
        const std::string where = fmt::format("{}: point {}", database_.file(), record_.points.size());
        if (row.index(0) != record_.points.size()) throw InputError(where + " is missing");
        attributions.push_back(row.index(1));
        if (row.integer(2) != 0) ++record_.grid_size;
        GridPoint point{std::string(row.text(3)), {}};
        const auto values = parse_json(row.text(4), where);
        for (const auto& [name, value] : values.items()) {
            point.values[name] = axes().at(name).check(axis_value(value, where), where);
        }
        record_.points.push_back(std::move(point));
    }
    plan_ = plan_of(record_.points, record_.grid_size);
    const auto asks_for_words = [](const PointOptions& options) { return options.units.are_words(); };
    if (std::any_of(plan_.options.begin(), plan_.options.end(), asks_for_words)) {
        for (const ExampleRecord& example : record_.examples) {
            if (example.words.empty())
                throw InputError(
                    fmt::format("{}: points ask for words, but meta has no 'words'", database_.file()));
        }
    }
    // Another version of the program may share work in another way.
    if (plan_.attribution_of != attributions) {
        throw InputError(
            fmt::format("{}: its points share attributions in another way than this version of "
                        "attnflow does; use the version that wrote it",
                        database_.file()));
    }
}

std::int64_t RunStore::cell(std::size_t example, std::size_t attribution) const {
    return static_cast<std::int64_t>(example * plan_.attributions.size() + attribution);
}

std::vector<bool> RunStore::done_examples() {
    const std::lock_guard lock(mutex_);
    std::vector<bool> done(record_.examples.size());
    for (Statement row = database_.prepare("SELECT example FROM examples WHERE done = 1"); row.step();) {
        done.at(row.index(0)) = true;
    }
    return done;
}

std::size_t RunStore::failures() {
    const std::lock_guard lock(mutex_);
    Statement row = database_.prepare("SELECT count(*) FROM failures");
    row.step();
    return row.index(0);
}

std::vector<std::size_t> RunStore::stored_attributions(std::size_t example) {
    const std::lock_guard lock(mutex_);
    std::vector<std::size_t> stored;
    const std::int64_t first = cell(example, 0);
    Statement row = database_.prepare("SELECT cell FROM attributions WHERE cell >= ? AND cell < ?");
    row.bind(first).bind(cell(example + 1, 0));
    while (row.step()) stored.push_back(static_cast<std::size_t>(row.integer(0) - first));
    return stored;
}

std::vector<std::size_t> RunStore::attributions_with_cuts() {
    const std::lock_guard lock(mutex_);
    std::vector<std::size_t> numbers;
    Statement row = database_.prepare(
        "SELECT DISTINCT attribution FROM attributions WHERE cuts IS NOT NULL ORDER BY attribution");
    while (row.step()) {
        if (row.index(0) >= plan_.attributions.size()) {
            throw InputError(
                fmt::format("{}: cuts of attribution {}, which is missing", database_.file(), row.index(0)));
        }
        numbers.push_back(row.index(0));
    }
    return numbers;
}

Attribution RunStore::attribution(std::size_t example, std::size_t attribution) {
    const std::lock_guard lock(mutex_);
    Statement row = database_.prepare(
        "SELECT sources, tokens, bits, error_bound, rounded_to_zero, checksum, scores, cuts, cell, pruned, "
        "checked, emptied "
        "FROM attributions WHERE cell = ?");
    row.bind(cell(example, attribution));
    if (!row.step()) {
        throw InputError(fmt::format("{}: holds no scores of {} for {}", database_.file(),
                                     plan_.attributions.at(attribution).method,
                                     escape_controls(record_.examples.at(example).id)));
    }
    Attribution found = read_attribution(example, attribution, row);
    const std::int64_t its = cell(example, attribution);
    if (auto said = read_diagnostics(its, its); !said.empty()) found.diagnostics = std::move(said.begin()->second);
    return found;
}

void RunStore::write_diagnostics(std::int64_t cell, const Diagnostics& diagnostics) {
    if (diagnostics.empty()) return;
    Statement number = database_.prepare("INSERT INTO diagnostics VALUES(?, ?, ?)");
    for (const auto& [name, value] : diagnostics.numbers)
        number.bind(cell).bind(std::string_view(name)).bind(value).run();
    Statement warning = database_.prepare("INSERT INTO warnings VALUES(?, ?, ?)");
    for (std::size_t i = 0; i < diagnostics.warnings.size(); ++i)
        warning.bind(cell).bind(i).bind(std::string_view(diagnostics.warnings[i])).run();
}

/// Of the cells from `first` to `last`, of those that have any.
std::map<std::int64_t, Diagnostics> RunStore::read_diagnostics(std::int64_t first, std::int64_t last) {
    std::map<std::int64_t, Diagnostics> by_cell;
    Statement number = database_.prepare(
        "SELECT cell, name, value FROM diagnostics WHERE cell >= ? AND cell <= ? ORDER BY cell, name");
    number.bind(first).bind(last);
    while (number.step()) by_cell[number.integer(0)].numbers.emplace(number.text(1), number.real(2));
    Statement warning = database_.prepare(
        "SELECT cell, message FROM warnings WHERE cell >= ? AND cell <= ? ORDER BY cell, number");
    warning.bind(first).bind(last);
    while (warning.step()) by_cell[warning.integer(0)].warnings.emplace_back(warning.text(1));
    return by_cell;
}

Attribution RunStore::read_attribution(std::size_t example, std::size_t attribution, Statement& row) const {
    try {
        const auto scores = row.blob(6);
        const auto cuts = row.blob(7);
        if (static_cast<std::int64_t>(checksum(scores, cuts)) != row.integer(5))
            throw InputError("checksum differs");
        const bool single = plan_.attribution_options(attribution).source.is_single();
        const bool of_words = plan_.attribution_options(attribution).units.are_words();
        const ExampleRecord& record = record_.examples[example];
        if (row.index(0) == 0 || (single && row.index(0) != 1) ||
            row.index(1) != (of_words ? record.words.size() : record.tokens.size()))
            throw InputError("another number of sources or tokens");
        Attribution out{.scores = decode_scores(scores, row.index(0), row.index(1))};
        if (!row.is_null(7)) out.binding_cuts = decode_cuts(cuts, row.index(0), row.index(1));
        if (!row.is_null(2)) {
            out.fixed_point = FixedPoint{.bits = static_cast<int>(row.integer(2)),
                                         .error_bound = row.real(3),
                                         .rounded_to_zero = row.index(4)};
        }
        if (!row.is_null(9)) out.pruned_share = row.real(9);
        out.checked = row.index(10);
        out.emptied_rows = row.index(11);
        return out;
    } catch (const InputError& error) {
        throw InputError(fmt::format("{}: the scores of {} for {} are damaged: {}", database_.file(),
                                     plan_.attributions.at(attribution).method,
                                     escape_controls(record_.examples.at(example).id), error.what()));
    }
}

void RunStore::check_place() const {
    if (!database_.has_moved()) return;
    throw InputError(fmt::format(
        "{}: was removed or replaced while it was written, and what was done since is lost; run the config again",
        database_.file()));
}

void RunStore::begin() {
    check_place();
    if (!database_.in_transaction()) database_.execute("BEGIN IMMEDIATE");
}

/// As begin(), for what tables are made of.
void RunStore::begin_results() {
    begin();
    if (marked_due_) return;
    database_.execute("INSERT OR REPLACE INTO meta VALUES('tables', 'due')");
    marked_due_ = true;
}

bool RunStore::tables_due() {
    const std::lock_guard lock(mutex_);
    return database_.value("SELECT value FROM meta WHERE key = 'tables'") == "due";
}

void RunStore::set_tables_due() {
    const std::lock_guard lock(mutex_);
    begin_results();
    commit_locked();
}

void RunStore::set_tables_written() {
    const std::lock_guard lock(mutex_);
    begin();
    database_.execute(
        "INSERT OR REPLACE INTO meta VALUES('tables', 'written'); DELETE FROM meta WHERE key = 'merging'");
    commit_locked();
    marked_due_ = false;
}

void RunStore::set_merging(bool merging) {
    const std::lock_guard lock(mutex_);
    begin();
    database_.execute(merging ? "INSERT OR REPLACE INTO meta VALUES('merging', 'yes')"
                              : "DELETE FROM meta WHERE key = 'merging'");
    commit_locked();
}

void RunStore::commit_locked() {
    if (database_.in_transaction()) database_.execute("COMMIT");
    seconds_at_risk_ = 0.0;
    bytes_at_risk_ = 0;
}

void RunStore::commit() {
    const std::lock_guard lock(mutex_);
    commit_locked();
}

void RunStore::add(std::size_t example, std::span<const std::pair<std::size_t, Attribution>> attributions,
                   double seconds) {
    const std::lock_guard lock(mutex_);
    begin_results();
    own_.insert(example);
    Statement insert =
        database_.prepare("INSERT INTO attributions VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    Statement count = database_.prepare("INSERT INTO binding_cuts VALUES(?, ?, ?)");
    for (const auto& [number, attribution] : attributions) {
        const Blob scores = encode(attribution.scores.values());
        const Blob cuts = encode(attribution.binding_cuts);
        own_cells_.push_back(cell(example, number));
        insert.bind(cell(example, number)).bind(example).bind(number);
        insert.bind(attribution.scores.rows()).bind(attribution.scores.columns());
        if (const auto& fixed = attribution.fixed_point) {
            insert.bind(std::int64_t{fixed->bits}).bind(fixed->error_bound).bind(fixed->rounded_to_zero);
        } else {
            insert.bind_null().bind_null().bind_null();
        }
        insert.bind(static_cast<std::int64_t>(checksum(scores, cuts))).bind(scores);
        if (attribution.binding_cuts.empty()) {
            insert.bind_null();
        } else {
            insert.bind(cuts);
        }
        if (attribution.pruned_share) {
            insert.bind(*attribution.pruned_share);
        } else {
            insert.bind_null();
        }
        insert.bind(attribution.emptied_rows).bind(attribution.checked).run();
        std::size_t pairs[std::size(all_cut_kinds)] = {};
        for (const BindingCut& cut : attribution.binding_cuts.values())
            ++pairs[static_cast<std::size_t>(cut.kind)];
        for (const CutKind kind : all_cut_kinds) {
            const std::size_t of_kind = pairs[static_cast<std::size_t>(kind)];
            if (of_kind == 0) continue;
            count.bind(cell(example, number)).bind(std::string_view(to_string(kind))).bind(of_kind).run();
        }
        write_diagnostics(cell(example, number), attribution.diagnostics);
        bytes_at_risk_ += scores.size() + cuts.size();
    }
    seconds_at_risk_ += seconds;
    if (seconds_at_risk_ >= most_seconds_at_risk || bytes_at_risk_ >= most_bytes_at_risk) commit_locked();
}

void RunStore::write_results(std::size_t example, const ExampleResults& results) {
    Statement metric = database_.prepare("INSERT INTO metrics VALUES(?, ?, ?, ?, ?)");
    for (const ResultRow& row : results.rows) {
        metric.bind(example).bind(row.point).bind(row.reference).bind(row.metric);
        if (row.value) {
            metric.bind(*row.value);
        } else {
            metric.bind_null();
        }
        metric.run();
    }
    Statement failed = database_.prepare("INSERT INTO failures VALUES(?, ?, ?)");
    for (const Failure& failure : results.failures) {
        failed.bind(example).bind(failure.point).bind(std::string_view(failure.message)).run();
    }
}

void RunStore::finish(std::size_t example, const ExampleResults& results) {
    const std::lock_guard lock(mutex_);
    begin_results();
    own_.insert(example);
    write_results(example, results);
    database_.prepare("UPDATE examples SET done = 1 WHERE example = ?").bind(example).run();
    bytes_at_risk_ += 64 * results.rows.size();
    if (bytes_at_risk_ >= most_bytes_at_risk) commit_locked();
}

void RunStore::take(RunStore& part, bool with_failures) {
    std::vector<ExampleResults> by_example(part.record_.examples.size());
    const Results all = part.results(false);
    for (const ResultRow& row : all.rows) by_example.at(row.example).rows.push_back(row);
    for (const Failure& failure : all.failures) by_example.at(failure.example).failures.push_back(failure);
    const auto here = done_examples();
    const auto there = part.done_examples();
    std::map<std::string, std::size_t> own;
    for (std::size_t i = 0; i < record_.examples.size(); ++i) own[record_.examples[i].id] = i;
    for (std::size_t example = 0; example < there.size(); ++example) {
        const std::size_t to = own.at(part.record_.examples[example].id);
        if (here[to] || !there[example]) continue;
        if (!with_failures && !by_example[example].failures.empty()) continue;
        std::vector<std::pair<std::size_t, Attribution>> attributions;
        for (const std::size_t a : part.stored_attributions(example)) {
            attributions.emplace_back(a, part.attribution(example, a));
        }
        add(to, attributions, 0.0);
        finish(to, by_example[example]);
    }
    commit();
}

void RunStore::take_scores(RunStore& other) {
    std::map<std::string, std::size_t> own;
    for (std::size_t a = 0; a < plan_.attributions.size(); ++a)
        own.emplace(plan_.attributions[a].key(AxisStage::attribution), a);
    std::vector<std::optional<std::size_t>> number;  // here, by number there
    for (const GridPoint& asked : other.plan_.attributions) {
        const auto found = own.find(asked.key(AxisStage::attribution));
        number.push_back(found == own.end() ? std::nullopt : std::optional(found->second));
    }
    for (std::size_t example = 0; example < other.record_.examples.size(); ++example) {
        std::vector<std::pair<std::size_t, Attribution>> attributions;
        for (const std::size_t a : other.stored_attributions(example)) {
            if (number.at(a)) attributions.emplace_back(*number[a], other.attribution(example, a));
        }
        if (!attributions.empty()) add(example, attributions, 0.0);
    }
    commit();
}

void RunStore::retry_failures() {
    const std::lock_guard lock(mutex_);
    begin();
    if (database_.value("SELECT count(*) FROM failures") != "0") begin_results();
    database_.execute(
        "DELETE FROM metrics WHERE example IN (SELECT example FROM failures);"
        "UPDATE examples SET done = 0 WHERE example IN (SELECT example FROM failures);"
        "DELETE FROM failures");
    commit_locked();
}

void RunStore::forget_own() {
    const std::lock_guard lock(mutex_);
    begin_results();
    for (const std::int64_t cell : own_cells_) {
        for (const char* sql :
             {"DELETE FROM binding_cuts WHERE cell = ?", "DELETE FROM diagnostics WHERE cell = ?",
              "DELETE FROM warnings WHERE cell = ?", "DELETE FROM attributions WHERE cell = ?"}) {
            database_.prepare(sql).bind(cell).run();
        }
    }
    for (const std::size_t example : own_) {
        for (const char* sql : {"DELETE FROM metrics WHERE example = ?", "DELETE FROM failures WHERE example = ?",
                                "UPDATE examples SET done = 0 WHERE example = ?"}) {
            database_.prepare(sql).bind(example).run();
        }
    }
    commit_locked();
    own_.clear();
    own_cells_.clear();
}

void RunStore::replace_results(const std::string& config_toml, const ComparisonNames& names,
                               const std::vector<ExampleResults>& by_example) {
    const std::lock_guard lock(mutex_);
    begin_results();
    database_.execute(
        "DELETE FROM metrics; DELETE FROM failures; DELETE FROM reference_names; DELETE FROM metric_names");
    database_.prepare("UPDATE meta SET value = ? WHERE key = 'config'").bind(std::string_view(config_toml)).run();
    write_names(names);
    for (std::size_t i = 0; i < by_example.size(); ++i) write_results(i, by_example[i]);
    commit_locked();
    record_.config_toml = config_toml;
    names_ = names;
}

void RunStore::close() {
    const std::lock_guard lock(mutex_);
    check_place();
    commit_locked();
    // One file is easier to copy, and readable in a folder that is not writable. While somebody reads
    // the run (`show`, `report`) the log has to stay; nothing is lost, so that is no failure.
    database_.try_execute("PRAGMA journal_mode = DELETE");
}

Results RunStore::results(bool with_attributions) {
    const std::lock_guard lock(mutex_);
    Results results;
    results.grid = plan_.grid();
    results.largest_row_sum_deviation = record_.largest_row_sum_deviation;
    results.special_tokens = record_.special_tokens;
    for (const ExampleRecord& example : record_.examples) {
        results.examples.push_back(example.id);
        results.tokens.push_back(example.tokens);
        results.words.push_back(example.words);
        results.word_texts.emplace_back();
        if (!example.words.empty())
            results.word_texts.back() = Words(example.words, example.tokens.size()).texts(example.tokens);
    }
    read_rows(results);
    read_pruning(results);
    read_diagnostics(results);
    read_fixed_point(results);
    if (!with_attributions) return results;
    Statement row = database_.prepare(
        "SELECT sources, tokens, bits, error_bound, rounded_to_zero, checksum, scores, cuts, cell, pruned, "
        "checked, emptied "
        "FROM attributions ORDER BY cell");
    while (row.step()) {
        const std::size_t example = row.index(8) / plan_.attributions.size();
        const std::size_t number = row.index(8) % plan_.attributions.size();
        if (example >= record_.examples.size()) {
            throw InputError(fmt::format("{}: scores of example {}, which is missing", database_.file(), example));
        }
        const Attribution attribution = read_attribution(example, number, row);
        for (const std::size_t p : plan_.points_of[number]) {
            if (p >= plan_.grid_size) continue;
            AttributionRow entry{example, p, plan_.options[p].scores(attribution.scores), {}};
            if (attribution.binding_cuts.rows() == 1) {
                const auto cuts = attribution.binding_cuts.row(0);
                entry.cuts.assign(cuts.begin(), cuts.end());
            }
            results.attributions.push_back(std::move(entry));
        }
    }
    std::sort(results.attributions.begin(), results.attributions.end(),
              [](const AttributionRow& a, const AttributionRow& b) {
                  return std::pair(a.example, a.point) < std::pair(b.example, b.point);
              });
    return results;
}

void RunStore::read_rows(Results& results) {
    const auto check = [&](std::size_t example, std::size_t point, std::size_t reference = 0,
                           std::size_t metric = 0) {
        if (example < results.examples.size() && point < results.grid.size() &&
            reference < std::max<std::size_t>(names_.references.size(), 1) &&
            metric < std::max<std::size_t>(names_.metrics.size(), 1))
            return;
        throw InputError(fmt::format(
            "{}: a result of example {}, point {}, reference {} and metric {}, one of which is missing",
            database_.file(), example, point, reference, metric));
    };
    Statement row = database_.prepare(
        "SELECT example, point, reference, metric, value FROM metrics "
        "ORDER BY example, point, reference, metric");
    while (row.step()) {
        check(row.index(0), row.index(1), row.index(2), row.index(3));
        results.rows.push_back({row.index(0), row.index(1), row.index(2), row.index(3),
                                row.is_null(4) ? std::nullopt : std::optional(row.real(4))});
    }
    Statement failure = database_.prepare("SELECT example, point, message FROM failures ORDER BY example, point");
    while (failure.step()) {
        check(failure.index(0), failure.index(1));
        results.failures.push_back({failure.index(0), failure.index(1), std::string(failure.text(2))});
    }
}

void RunStore::read_pruning(Results& results) {
    struct Sum {
        double total = 0.0;
        std::size_t count = 0;
        PruningShares shares = {};
    };
    constexpr double everything = 1.0 - 1e-12;  // of several networks the share is a mean
    std::map<std::size_t, Sum> sums;            // by attribution
    Statement row = database_.prepare(
        "SELECT attribution, pruned, emptied FROM attributions WHERE pruned IS NOT NULL ORDER BY cell");
    while (row.step()) {
        Sum& sum = sums[row.index(0)];
        sum.total += row.real(1);
        ++sum.count;
        sum.shares.largest = std::max(sum.shares.largest, row.real(1));
        sum.shares.examples_without += row.real(1) >= everything ? 1 : 0;
        sum.shares.examples_with_empty_rows += row.index(2) > 0 ? 1 : 0;
        sum.shares.empty_rows += row.index(2);
    }
    for (std::size_t p = 0; p < plan_.grid_size; ++p) {
        const auto found = sums.find(plan_.attribution_of[p]);
        if (found == sums.end()) continue;
        PruningShares shares = found->second.shares;
        shares.point = p;
        shares.mean = found->second.total / static_cast<double>(found->second.count);
        results.pruning.push_back(shares);
    }
}

void RunStore::read_diagnostics(Results& results) {
    results.beside_grid.assign(plan_.points.begin() + static_cast<long>(plan_.grid_size), plan_.points.end());
    const std::int64_t cells = cell(record_.examples.size(), 0);
    for (auto& [cell, said] : read_diagnostics(0, cells - 1)) {
        const auto [example, number] = std::pair(static_cast<std::size_t>(cell) / plan_.attributions.size(),
                                                 static_cast<std::size_t>(cell) % plan_.attributions.size());
        results.diagnostics.push_back({example, plan_.points_of[number].front(), std::move(said)});
    }
}

void RunStore::read_fixed_point(Results& results) {
    Statement row = database_.prepare(
        "SELECT max(bits), max(error_bound), max(rounded_to_zero) FROM attributions WHERE bits IS NOT NULL "
        "GROUP BY example");
    while (row.step()) {
        auto& total = results.fixed_point;
        if (!total) total = FixedPoint{.bits = static_cast<int>(row.integer(0))};
        total->error_bound = std::max(total->error_bound, row.real(1));
        total->rounded_to_zero += row.index(2);
    }
    Statement flows = database_.prepare(
        "SELECT total(sources * tokens), total(checked) FROM attributions WHERE bits IS NOT NULL");
    flows.step();
    results.flows = {static_cast<std::size_t>(flows.real(0)), static_cast<std::size_t>(flows.real(1))};
}

}  // namespace attnflow
