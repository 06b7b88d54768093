import Grants
import Signatures

/// The role of a signature under a grant: whether it counts, and why not.
package enum SignatureRole: Hashable, Sendable {
    case approves
    /// The same person has signed before, or may have: the number of that signature.
    case repeats(Int)
    /// The requestor approves, but policy demands another approver.
    case approvesOwn
    /// The requestor asks for the grant.
    case requests
    /// The signer asks, but does not have the requestor's name.
    case requestsForAnother
    /// A passkey signed that policy does not count.
    case isNoCountedPasskey(PasskeyObjection)
}

/// The approvals of a grant, counted by person.
struct ApprovalCount {
    private let payload: SignedPayload
    private let requestor: String
    private let isSeparate: Bool
    private let passkeys: PasskeyRules
    /// The requestor's signatures in the namespace of requests.
    private let requests: [VerifiedSignature]
    /// A largest set of approvals by pairwise different people.
    let counted: [VerifiedSignature]

    /// With `isSeparate` the requestor must sign and cannot approve.
    init(
        _ payload: SignedPayload,
        requestor: String,
        isSeparate: Bool,
        passkeys: PasskeyRules
    ) {
        self.payload = payload
        self.requestor = requestor
        self.isSeparate = isSeparate
        self.passkeys = passkeys
        let requests = payload.requests.filter { request in
            request.signer.isNamed(requestor) && passkeys.objection(to: request) == nil
        }
        self.requests = requests
        let approvals = payload.approvals.filter { approval in
            passkeys.objection(to: approval) == nil
                && (!isSeparate || !Self.isBy(requests, or: requestor, approval))
        }
        counted = DistinctPeople.largest(of: approvals.map(\.signer)).map { approvals[$0] }
    }

    private static func isBy(
        _ requests: [VerifiedSignature],
        or requestor: String,
        _ approval: VerifiedSignature
    ) -> Bool {
        approval.signer.isNamed(requestor)
            || requests.contains { $0.signer.isSamePerson(as: approval.signer) }
    }

    /// The reason that a port lacks approvals and the remedy; `nil` if it has enough.
    func gap(at port: Port, needing approvals: Int) -> (reason: String, remedy: String)? {
        if isSeparate, requests.isEmpty { return missingRequest(at: port) }
        guard counted.count < approvals else { return nil }
        var reason = "\(port) needs \(approvals) signers and this has \(counted.count)"
        let roles = Set(payload.signatures.indices.map(role))
        if roles.contains(.approvesOwn) { reason += ", not counting the requestor" }
        if roles.contains(where: \.isRepetition) { reason += ", as one person counts once" }
        if let objection = roles.lazy.compactMap(\.objection).first {
            return ("\(reason), as \(objection)", objection.remedy)
        }
        return (reason, "have another allowed signer sign the same bytes and append the signature")
    }

    private func missingRequest(at port: Port) -> (reason: String, remedy: String) {
        let name = requestor.debugDescription
        let wish = "\(port) needs the requestor's own signature, under jitgate-request"
        let objections = payload.requests.compactMap(passkeys.objection)
        if let objection = objections.first, objections.count == payload.requests.count {
            return ("\(wish), and \(objection)", objection.remedy)
        }
        guard let other = payload.requests.first else {
            return (
                "\(wish), and this has none",
                "have \(name) sign the same bytes: `jitgate sign --as-requestor`"
            )
        }
        return (
            "\(wish), and the one of \(other.principal.debugDescription) is not by \(name)",
            "the requestor must be a name that allowed_signers has for the key: write the grant"
                + " with one, or have \(name) sign it"
        )
    }

    /// The role of the signature at a place in the file.
    func role(of index: Int) -> SignatureRole {
        let signature = payload.signatures[index]
        if let objection = passkeys.objection(to: signature) {
            return .isNoCountedPasskey(objection)
        }
        guard signature.namespace != .request else {
            return signature.signer.isNamed(requestor) ? .requests : .requestsForAnother
        }
        guard !isSeparate || !Self.isBy(requests, or: requestor, signature) else {
            return .approvesOwn
        }
        if counted.contains(signature) {
            let first = payload.signatures.firstIndex(of: signature) ?? index
            return first == index ? .approves : .repeats(first + 1)
        }
        let same = payload.signatures.firstIndex {
            counted.contains($0) && $0.signer.isSamePerson(as: signature.signer)
        }
        // A set to which one more could be added is not a largest one.
        return .repeats((same ?? index) + 1)
    }
}

extension SignatureRole: CustomStringConvertible {
    package var description: String {
        switch self {
        case .approves: "approves"
        case .repeats(let number):
            "does not count, as signature \(number) is or may be by the same person"
        case .approvesOwn: "does not count, as the requestor cannot approve"
        case .requests: "asks as the requestor"
        case .requestsForAnother: "does not count, as the requestor has another name"
        case .isNoCountedPasskey(let objection): "does not count, as \(objection)"
        }
    }

    fileprivate var objection: PasskeyObjection? {
        if case .isNoCountedPasskey(let objection) = self { objection } else { nil }
    }

    fileprivate var isRepetition: Bool {
        if case .repeats = self { true } else { false }
    }
}

/// Finds different people among signers, some of whom may be the same person.
enum DistinctPeople {
    /// The indices of a largest set in which no two may be the same person; the first of several.
    ///
    /// The search is exact, since a greedy one could count too few: a signer who shares a name with
    /// each of two others does not make those two one person. A file has at most 16 signatures.
    static func largest(of signers: [SignerIdentity]) -> [Int] {
        let conflicts = signers.map { signer in
            signers.enumerated().reduce(UInt64(0)) { mask, other in
                signer.isSamePerson(as: other.element) ? mask | 1 << UInt64(other.offset) : mask
            }
        }
        let all = signers.indices.reduce(UInt64(0)) { $0 | 1 << UInt64($1) }
        let choice = largest(in: all, conflicts)
        return signers.indices.filter { choice & 1 << UInt64($0) != 0 }
    }

    private static func largest(in open: UInt64, _ conflicts: [UInt64]) -> UInt64 {
        guard open != 0 else { return 0 }
        let first = open.trailingZeroBitCount
        let own = UInt64(1) << UInt64(first)
        let with = own | largest(in: open & ~conflicts[first] & ~own, conflicts)
        guard open & conflicts[first] & ~own != 0 else { return with }
        let without = largest(in: open & ~own, conflicts)
        return without.nonzeroBitCount > with.nonzeroBitCount ? without : with
    }
}
