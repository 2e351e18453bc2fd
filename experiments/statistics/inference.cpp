#include "experiments/statistics/inference.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "experiments/statistics/sign_flips.hpp"
#include "graph/support/parallel.hpp"

namespace attnflow {
namespace {

// The pattern of signs and the draws of the bootstrap must not share a stream.
constexpr std::uint64_t sign_stream = 0x5349474E53u;

// Samples of one size, up to Resamples::lanes of them.
struct Batch {
    std::size_t n;
    std::vector<std::size_t> samples;
};

std::vector<Batch> make_batches(std::span<const std::vector<double>> samples) {
    std::map<std::size_t, std::vector<std::size_t>> by_size;
    for (std::size_t s = 0; s < samples.size(); ++s) {
        if (!samples[s].empty()) by_size[samples[s].size()].push_back(s);
    }
    std::vector<Batch> batches;
    for (const auto& [n, members] : by_size) {
        for (std::size_t m = 0; m < members.size(); ++m) {
            if (m % Resamples::lanes == 0) batches.push_back({n, {}});
            batches.back().samples.push_back(members[m]);
        }
    }
    return batches;
}

// Calls visit(sample, means of its resamples) for every sample that is not empty.
void for_each_bootstrap(std::span<const std::vector<double>> samples, const StatisticsOptions& options,
                        std::size_t jobs,
                        const std::function<void(std::size_t sample, std::vector<double> means)>& visit) {
    const auto batches = make_batches(samples);
    for (std::size_t begin = 0; begin < batches.size();) {  // one size at a time, to hold one set of indices
        std::size_t end = begin;
        while (end < batches.size() && batches[end].n == batches[begin].n) ++end;
        const Resamples resamples(batches[begin].n, options.resamples, options.seed);
        parallel_for(end - begin, jobs, [&](std::size_t b, std::size_t) {
            const Batch& batch = batches[begin + b];
            std::vector<const std::vector<double>*> members;
            for (const std::size_t s : batch.samples) members.push_back(&samples[s]);
            auto means = resamples.means(members);
            for (std::size_t m = 0; m < members.size(); ++m) visit(batch.samples[m], std::move(means[m]));
        });
        begin = end;
    }
}

void describe_differences(std::span<const double> differences, PairedResult& out) {
    const double n = static_cast<double>(differences.size());
    double sum = 0.0;
    for (const double difference : differences) sum += difference;
    const double mean = sum / n;
    out.mean = mean;
    const auto [smallest, largest] = std::minmax_element(differences.begin(), differences.end());
    if (*largest - *smallest <= rounding_of_metrics) return;  // all equal
    double squares = 0.0;
    for (const double difference : differences) squares += (difference - mean) * (difference - mean);
    out.effect_size = mean / std::sqrt(squares / (n - 1.0));
}

double bootstrap_p(double mean, double rounding, std::span<const double> means) {
    const double distance = std::abs(mean) - rounding;
    const auto hits = std::count_if(means.begin(), means.end(),
                                    [&](double resampled) { return std::abs(resampled - mean) >= distance; });
    return (1.0 + static_cast<double>(hits)) / (1.0 + static_cast<double>(means.size()));
}

std::size_t sign_patterns(const StatisticsOptions& options, std::size_t family) {
    const double needed = std::ceil(2.0 * static_cast<double>(family) / (1.0 - options.level));
    const double most = static_cast<double>(most_resamples);
    return std::max(options.resamples, static_cast<std::size_t>(std::min(needed, most)));
}

void add_permutation_p(std::span<const std::vector<double>> differences, const StatisticsOptions& options,
                       std::size_t family, std::size_t jobs, std::vector<PairedResult>& results) {
    const std::size_t patterns = sign_patterns(options, family);
    std::map<std::size_t, SignFlips> flips;
    for (const auto& sample : differences) {
        if (!sample.empty()) flips.try_emplace(sample.size(), sample.size(), patterns, options.seed ^ sign_stream);
    }
    parallel_for(differences.size(), jobs, [&](std::size_t s, std::size_t) {
        if (!differences[s].empty()) results[s].p = flips.at(differences[s].size()).p_value(differences[s]);
    });
}

}  // namespace

std::vector<std::optional<Interval>> bootstrap_intervals(std::span<const std::vector<double>> samples,
                                                         const StatisticsOptions& options, std::size_t jobs) {
    std::vector<std::optional<Interval>> intervals(samples.size());
    for_each_bootstrap(samples, options, jobs, [&](std::size_t s, std::vector<double> means) {
        intervals[s] = bootstrap_interval(samples[s], std::move(means), options.level, options.interval);
    });
    return intervals;
}

std::vector<PairedResult> paired_tests(std::vector<std::vector<double>> differences,
                                       const StatisticsOptions& options, std::size_t family, std::size_t jobs) {
    for (auto& sample : differences) {
        for (double& difference : sample) {
            if (std::abs(difference) <= rounding_of_metrics) difference = 0.0;
        }
    }
    std::vector<PairedResult> results(differences.size());
    for_each_bootstrap(differences, options, jobs, [&](std::size_t s, std::vector<double> means) {
        PairedResult& result = results[s];
        describe_differences(differences[s], result);
        if (options.test == PairedTest::bootstrap && differences[s].size() > 1)
            result.p = bootstrap_p(*result.mean, rounding_of_mean(differences[s]), means);
        result.interval = bootstrap_interval(differences[s], std::move(means), options.level, options.interval);
    });
    if (options.test == PairedTest::permutation) add_permutation_p(differences, options, family, jobs, results);
    return results;
}

double smallest_p(std::size_t n, const StatisticsOptions& options, std::size_t family) {
    if (options.test == PairedTest::bootstrap) return 1.0 / (1.0 + static_cast<double>(options.resamples));
    return SignFlips::smallest_p(n, sign_patterns(options, family));
}

}  // namespace attnflow
