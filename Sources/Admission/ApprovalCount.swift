import Grants
import Signatures

/// The role of a signature under a grant: whether it counts, and why not.
package enum SignatureRole: Hashable, Sendable {
    case approves
    /// It approves within the limits of an `[[approver]]`, whose number this is.
    case approvesWithin(Int)
    /// It meets all demands by an alarm, as an `[[approver]]` allows, whose number this is.
    case breaksGlass(Int)
    /// Each `[[approver]]` that names the signer, and what it does not allow.
    case exceeds([String])
    /// The same person has signed before, or may have: the number of that signature.
    case repeats(Int)
    /// The requestor approves, but policy demands another approver.
    case approvesOwn
    /// The requestor asks for the grant.
    case requests
    /// The signer asks, but does not have the requestor's name.
    case requestsForAnother
    /// This host does not count the signature, whatever it is of.
    case isDiscounted(SignatureObjection)
}

/// The signatures that a port demands of a grant.
struct ApprovalDemand: Hashable {
    let approvals: Int
    /// True if the requestor must sign and cannot approve.
    let isSeparate: Bool
    /// The patterns of which each needs a signer of its own.
    let from: [NamePatterns]

    init(_ rules: PortRules) {
        approvals = max(rules.approvals, rules.approvalsFrom.count)
        isSeparate = rules.separateRequestor
        from = rules.approvalsFrom
    }

    init(approvals: Int, isSeparate: Bool, from: [NamePatterns]) {
        self.approvals = approvals
        self.isSeparate = isSeparate
        self.from = from
    }
}

extension Case {
    /// The demand of all ports of the grant together, for the roles of its signatures.
    var strictestDemand: ApprovalDemand {
        let demands = protectedPorts.map { ApprovalDemand($0.rules) }
        return ApprovalDemand(
            approvals: demands.map(\.approvals).max() ?? 1,
            isSeparate: demands.contains(where: \.isSeparate),
            from: demands.max { $0.from.count < $1.from.count }?.from ?? []
        )
    }
}

extension Case {
    /// The first port's lack of approvals.
    var firstApprovalGap: (reason: String, remedy: String)? {
        // Most ports demand the same.
        var met: Set<ApprovalDemand> = []
        for (_, port, rules) in protectedPorts {
            let demand = ApprovalDemand(rules)
            guard met.insert(demand).inserted else { continue }
            if let gap = ApprovalCount(self, allowances, for: demand).gap(at: port) { return gap }
        }
        return nil
    }
}

/// The approvals of a grant, counted by person.
struct ApprovalCount {
    private let payload: JudgedSignatures
    private let requestor: String
    private let allowances: [Allowance]
    private let demand: ApprovalDemand
    private let rules: SignatureRules
    /// The requestor's signatures in the namespace of requests.
    private let requests: [VerifiedSignature]
    /// The numbers of the signatures that count, by pairwise different people.
    private let counted: [Int]
    /// The patterns without a signer of their own.
    private let unmet: [NamePatterns]

    init(_ item: Case, _ allowances: [Allowance], for demand: ApprovalDemand) {
        payload = item.payload
        requestor = item.grant.requestor
        self.allowances = allowances
        self.demand = demand
        let rules = item.signatures
        self.rules = rules
        let requests = item.payload.requests.filter { request in
            request.signer.isNamed(item.grant.requestor) && rules.objection(to: request) == nil
        }
        self.requests = requests
        let approvals = item.payload.signatures.indices.filter { index in
            let signature = item.payload.signatures[index]
            return signature.namespace != .request && allowances[index].counts
                && rules.objection(to: signature) == nil
                && !(demand.isSeparate
                    && Self.isBy(requests, or: item.grant.requestor, signature))
        }
        let choice = DistinctPeople(
            among: approvals.map { item.payload.signatures[$0].signer },
            meeting: demand.from
        )
        counted = choice.people.map { approvals[$0] }
        unmet = choice.unmet.map { demand.from[$0] }
    }

    private static func isBy(
        _ requests: [VerifiedSignature],
        or requestor: String,
        _ approval: VerifiedSignature
    ) -> Bool {
        approval.signer.isNamed(requestor)
            || requests.contains { $0.signer.isSamePerson(as: approval.signer) }
    }

    /// The signatures that are missing; none if there are enough.
    var missing: MissingSignatures {
        MissingSignatures(
            approvals: max(demand.approvals - counted.count, unmet.count),
            from: unmet.map { $0.texts.joined(separator: ",") },
            requestor: demand.isSeparate && requests.isEmpty
        )
    }

    /// The reason that a port lacks approvals and the remedy; `nil` if it has enough.
    func gap(at port: Port) -> (reason: String, remedy: String)? {
        if demand.isSeparate, requests.isEmpty { return missingRequest(at: port) }
        guard !unmet.isEmpty || counted.count < demand.approvals else { return nil }
        var reason =
            "\(port) needs \(demand.approvals) signers and this has \(counted.count)"
        if !unmet.isEmpty {
            let all = demand.from.map(\.description).joined(separator: "; ")
            let missing = unmet.map(\.description).joined(separator: "; ")
            reason =
                "\(port) needs a signer of its own for each of \(all), and has none for \(missing)"
        }
        let roles = payload.signatures.indices.map(role)
        if roles.contains(.approvesOwn) { reason += ", not counting the requestor" }
        if roles.contains(where: \.isRepetition) { reason += ", as one person counts once" }
        for (index, role) in roles.enumerated() {
            guard case .exceeds(let excesses) = role else { continue }
            let name = payload.signatures[index].principal.debugDescription
            reason += "; \(name) does not count: \(excesses.joined(separator: ", "))"
        }
        if let objection = roles.lazy.compactMap(\.objection).first {
            return ("\(reason), as \(objection)", objection.remedy)
        }
        return (reason, "have another allowed signer sign the same bytes and append the signature")
    }

    private func missingRequest(at port: Port) -> (reason: String, remedy: String) {
        let name = requestor.debugDescription
        let wish = "\(port) needs the requestor's own signature, under jitgate-request"
        let objections = payload.requests.compactMap(rules.objection)
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
        if let objection = rules.objection(to: signature) {
            return .isDiscounted(objection)
        }
        guard signature.namespace != .request else {
            return signature.signer.isNamed(requestor) ? .requests : .requestsForAnother
        }
        if case .exceeded(let excesses) = allowances[index] { return .exceeds(excesses) }
        guard !demand.isSeparate || !Self.isBy(requests, or: requestor, signature) else {
            return .approvesOwn
        }
        if counted.contains(index) {
            guard case .allowed(let numbers) = allowances[index] else { return .approves }
            return numbers.first.map(SignatureRole.approvesWithin) ?? .approves
        }
        let same = counted.first {
            payload.signatures[$0].signer.isSamePerson(as: signature.signer)
        }
        // A set to which one more could be added is not a largest one.
        return .repeats((same ?? index) + 1)
    }
}

extension SignatureRole: CustomStringConvertible {
    package var description: String {
        switch self {
        case .approves: "approves"
        case .approvesWithin(let number): "approves, as approver \(number) of the policy allows"
        case .breaksGlass(let number):
            "is enough by itself and raises an alarm, as approver \(number) of the policy allows"
        case .exceeds(let excesses): "does not count: \(excesses.joined(separator: "; "))"
        case .repeats(let number):
            "does not count, as signature \(number) is or may be by the same person"
        case .approvesOwn: "does not count, as the requestor cannot approve"
        case .requests: "asks as the requestor"
        case .requestsForAnother: "does not count, as the requestor has another name"
        case .isDiscounted(let objection): "does not count, as \(objection)"
        }
    }

    fileprivate var objection: SignatureObjection? {
        if case .isDiscounted(let objection) = self { objection } else { nil }
    }

    fileprivate var isRepetition: Bool {
        if case .repeats = self { true } else { false }
    }
}
