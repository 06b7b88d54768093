package import Conditions
package import StrictJSON

/// One result of a check: all is well, or a condition.
package enum CheckResult: Hashable, Sendable {
    case passed(ConditionCode.Area, String)
    case found(Condition)

    /// The condition that was found, if there is one.
    package var condition: Condition? {
        guard case .found(let condition) = self else { return nil }
        return condition
    }

    /// Such as `ok`, or a severity.
    package var mark: String { condition?.severity.rawValue ?? "ok" }

    /// The part of the host that was checked, in a word.
    package var area: String {
        switch self {
        case .passed(let area, _): area.rawValue
        case .found(let condition): condition.area
        }
    }

    /// The result: one clause.
    package var message: String {
        switch self {
        case .passed(_, let message): message
        case .found(let condition): condition.message
        }
    }

    package var remedy: String? { condition?.remedy }
}

extension [CheckResult] {
    /// The results as `jitgate doctor --json` has them; `conditions` are as in the agent's status.
    package var jsonValue: JSONValue {
        let passed = filter { $0.condition == nil }.map { result -> JSONValue in
            ["area": .string(result.area), "message": .string(result.message)]
        }
        return [
            "healthy": .bool(isHealthy),
            "conditions": .array(conditions.map(\.jsonValue)),
            "passed": .array(passed),
        ]
    }

    package var conditions: [Condition] { compactMap(\.condition) }
    package var isHealthy: Bool { conditions.areHealthy }

    mutating func add(_ condition: Condition) { append(.found(condition)) }
}
