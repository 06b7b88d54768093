import Admission
import Conditions
import Grants

/// The reason that no bulletin is fresh.
struct Staleness: Hashable {
    private let rule: FreshnessRule
    private let newest: Bulletin?

    init(_ rule: FreshnessRule, newest: Bulletin?) {
        (self.rule, self.newest) = (rule, newest)
    }

    var condition: Condition {
        let condition = DepotConditions.bulletinStale(
            rule.fleet,
            issued: newest?.issued,
            limit: rule.maxStaleness ?? .zero
        )
        return newest.map { condition.since(rule.end(of: $0)) } ?? condition
    }
}
