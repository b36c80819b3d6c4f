/* Chunks of lines go in by one thread, to any number of workers, and what they make of them comes out in the order of the chunks.
 *
 *   put ──▶ [ 7 6 5 ] ──▶ take … give ──▶ { 4: done, 3: at work, 2: done } ──▶ next
 *           └──────────── never more than `bound` chunks in all ────────────┘
 *
 * So whoever is slow slows those before it. It knows nothing of events. */
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

template <class Chunk, class Done> class Belt {
  public:
    explicit Belt(std::size_t bound) : bound_(bound) {}

    /* Waits while the belt is full. */
    void put(Chunk chunk) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return put_ - told_ < bound_ || failure_; });
        waiting_.emplace_back(put_++, std::move(chunk));
        changed_.notify_all();
    }

    /* No more chunks will come. */
    void end() {
        std::lock_guard lock(mutex_);
        ended_ = true;
        changed_.notify_all();
    }

    /* The oldest chunk that nobody has taken, and its number; nothing at the end. */
    std::optional<std::pair<std::size_t, Chunk>> take() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return !waiting_.empty() || ended_ || failure_; });
        if (waiting_.empty() || failure_) return {};
        auto first = std::move(waiting_.front());
        waiting_.pop_front();
        return first;
    }

    void give(std::size_t number, Done done) {
        std::lock_guard lock(mutex_);
        done_.emplace(number, std::move(done));
        changed_.notify_all();
    }

    /* What was made of the next chunk; nothing at the end. Throws what a thread failed with. */
    std::optional<Done> next() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return done_.count(told_) || (ended_ && told_ == put_) || failure_; });
        if (failure_) std::rethrow_exception(failure_);
        auto at = done_.find(told_);
        if (at == done_.end()) return {};
        auto done = std::move(at->second);
        done_.erase(at);
        told_++;
        changed_.notify_all();
        return done;
    }

    /* Runs a thread's work; if it throws, all threads end. */
    template <class Work> void guard(Work work) {
        try {
            work();
        } catch (...) {
            std::lock_guard lock(mutex_);
            if (!failure_) failure_ = std::current_exception();
            changed_.notify_all();
        }
    }

  private:
    const std::size_t bound_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::pair<std::size_t, Chunk>> waiting_;
    std::map<std::size_t, Done> done_;
    std::size_t put_ = 0, told_ = 0;
    bool ended_ = false;
    std::exception_ptr failure_;
};
