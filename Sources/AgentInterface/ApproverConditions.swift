package import Admission
package import Conditions

extension ApproverCoverage {
    /// The codes of its conditions.
    package static let codes: [ConditionCode] = [
        .approverUnbounded, .approverNameless, .approverOverridden, .reviewersCannotSign,
    ]

    /// The number of signers, and of entries, that have a condition of their own.
    private static let named = 16

    /// What agent and doctor say of it; `path` is that of allowed_signers.
    package func conditions(ofSigners path: String) -> [Condition] {
        unbounded.prefix(Self.named).map {
            PolicyConditions.approverUnbounded($0.name, kinds: $0.kinds)
        }
            + nameless.prefix(Self.named).map(PolicyConditions.approverNameless)
            + overridden.prefix(Self.named).map {
                PolicyConditions.approverOverridden($0.number, by: $0.other)
            }
            + (lacksReviewers ? [PolicyConditions.reviewersCannotSign(path)] : [])
    }
}
