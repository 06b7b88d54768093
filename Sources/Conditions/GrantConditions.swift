package import Grants

/// Conditions of grants.
package enum GrantConditions {
    /// The number of grants that have a condition of their own.
    private static let named = 16

    /// Break-glass grants that nobody has reviewed: id, requestor and opening of each.
    package static func breakGlass(_ grants: [(GrantID, String, Moment)]) -> [Condition] {
        let conditions = grants.prefix(named).map { id, requestor, opened in
            Condition(
                .breakGlass,
                id.description,
                "the break-glass grant of \(requestor), opened at \(opened), is not reviewed",
                mend: "jitgate review \(id) --reason TEXT"
            )
        }
        guard grants.count > named else { return conditions }
        let rest = grants.count - named
        return conditions + [
            Condition(
                .breakGlass,
                "the others",
                "\(rest) more break-glass grants are not reviewed",
                mend: "jitgate list"
            )
        ]
    }
}
