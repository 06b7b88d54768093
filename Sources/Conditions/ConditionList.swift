package import Grants

/// The conditions of a host, the gravest first, each with the time at which it arose.
package struct ConditionList: Hashable, Sendable {
    private var found: [ConditionCode: [Condition]] = [:]
    package private(set) var all: [Condition] = []

    package init() {}

    /// True if none is an error.
    package var isHealthy: Bool { all.areHealthy }

    /// Replaces the conditions of a code by those that hold now; returns whether that is a change.
    ///
    /// What was there before keeps its time, also if it is worded differently now. What is new arose
    /// now, unless it says when.
    package mutating func set(
        _ code: ConditionCode,
        _ conditions: [Condition],
        at now: Moment
    ) -> Bool {
        let before = found[code] ?? []
        if before.isEmpty, conditions.isEmpty { return false }
        let since = Dictionary(before.map { ($0.subject, $0.since) }) { first, _ in first }
        let next = conditions.map { $0.since(since[$0.subject].flatMap(\.self) ?? $0.since ?? now) }
        guard next != before else { return false }
        found[code] = next.isEmpty ? nil : next
        all = ConditionCode.bySeverity.flatMap { found[$0] ?? [] }
        return true
    }
}

extension ConditionCode {
    /// All codes, the gravest first.
    fileprivate static let bySeverity = Severity.allCases.reversed().flatMap { severity in
        allCases.filter { $0.severity == severity }
    }
}
