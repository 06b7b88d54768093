package import Signatures

/// The gaps that allowed_signers and the `[[approver]]` entries of policy leave.
package struct ApproverCoverage: Hashable, Sendable {
    /// The signers whom no entry names, so that nothing but the ports limits them.
    package let unbounded: [String]
    /// The numbers of the entries that name nobody who may approve, from 1.
    package let nameless: [Int]

    package init(of policy: Policy, _ signers: AllowedSigners) {
        let approvers = policy.approvers
        let people = approvers.isEmpty ? [] : signers.approvers
        unbounded = people.filter { person in
            !approvers.contains { $0.signers.mayName(person) }
        }
        .map(\.shownName)
        nameless = approvers.indices.filter { index in
            !people.contains { approvers[index].signers.mayName($0) }
        }
        .map { $0 + 1 }
    }
}
