import Netfilter

/// The planned ends of elements, by set and key.
typealias ElementEnds = [String: [[UInt8]: ContinuousClock.Instant]]

/// Corrects the kernel's timeouts after a commit that took long.
///
/// The kernel starts a timeout when it reads it, which may be long after it was computed: nf_tables
/// aborts a transaction that needs a module, loads the module, and reads the same bytes again. If
/// the agent died then, the opening would last longer by that time.
extension KernelTable {
    /// The number of elements in one transaction: few enough not to take long itself.
    private static let portion = 500
    /// The most corrections in a row, so that a host that is always slow does not repeat them for
    /// ever.
    private static let attempts = 2

    private struct LateElement {
        let set: String
        let key: [UInt8]
        let end: ContinuousClock.Instant
    }

    /// Renews the timeouts of elements that a slow commit has made late.
    ///
    /// `begin` is the time at which their timeouts were computed.
    mutating func putRight(
        _ ends: @autoclosure () -> ElementEnds,
        computedAt begin: ContinuousClock.Instant
    ) throws(GateError) {
        guard begin.duration(to: .now) > TimeoutSlack.slack else { return }
        let late = ends().flatMap { set, ends in
            ends.map { LateElement(set: set, key: $0.key, end: $0.value) }
        }
        for start in stride(from: 0, to: late.count, by: Self.portion) {
            try refresh(late[start..<min(late.count, start + Self.portion)])
        }
    }

    private mutating func refresh(_ late: ArraySlice<LateElement>) throws(GateError) {
        for _ in 1...Self.attempts {
            let counted = try traffic(of: late)
            let begin = ContinuousClock.now
            var plan = RulesetChange()
            for (index, element) in zip(late.indices, late) {
                let left = begin.duration(to: element.end).milliseconds
                // If it were put back, it would outlive its end.
                guard left > 0 else {
                    let gone = SetElement(key: element.key)
                    plan.removed[element.set, default: []].append(gone)
                    continue
                }
                let isCounted = SourceSet(name: element.set) != nil
                let traffic = isCounted ? counted[index] : nil
                plan.refreshed[element.set, default: []].append(
                    TimeoutSlack.element(element.key, left: left, traffic: traffic)
                )
            }
            try commit(plan, "put \(late.count) timeouts right", onlyAt: nil)
            guard begin.duration(to: .now) > TimeoutSlack.slack else { return }
        }
    }

    /// The counters of the elements, by their index, if renewing an element resets its counter.
    private mutating func traffic(
        of elements: ArraySlice<LateElement>
    ) throws(GateError) -> [Int: Traffic] {
        if features?.refreshes == true { return [:] }
        let keys = elements.map { (set: $0.set, key: $0.key) }
        let found = try attempting { (connection) throws(NetfilterError) in
            try connection.elements(keys)
        }
        return Dictionary(
            uniqueKeysWithValues: found.map { (elements.startIndex + $0.key, $0.value.traffic) }
        )
    }
}

extension RulesetChange {
    /// The planned ends of the elements to which it gives a timeout.
    func ends(_ all: ElementEnds) -> ElementEnds {
        var ends: ElementEnds = [:]
        for (set, elements) in added.merging(refreshed, uniquingKeysWith: +) {
            for element in elements where element.timeout != nil {
                ends[set, default: [:]][element.key] = all[set]?[element.key]
            }
        }
        return ends
    }
}
