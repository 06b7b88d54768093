import Admission
import CommandSupport
import Grants
import Linux
import Signatures
import StrictJSON

/// The outcome of a file on this host, with the reasons: every check of the agent, in its order.
struct Verification {
    /// One check; the first that fails may leave later ones without anything to look at.
    struct Check: Hashable {
        let name: String
        let isKept: Bool
        /// The stable name of the refusal, as the record of it has; empty if the check is kept.
        var code = ""
        /// The finding, or the reason that there is none.
        let finding: String
        var field = ""
        var remedy = ""
    }

    /// The rules and keys that a file is judged by.
    struct Judge {
        let verifier: SignatureVerifier
        let admission: Admission
        let known: LoggedGrants
        /// `nil` if no grant waits for a bulletin here.
        let bulletins: LocalBulletins?
        let now: Moment
    }

    private(set) var checks: [Check] = []
    private(set) var ids: [GrantID] = []
    private var isReview = false
    /// True if an alarm alone would let it in.
    private var breaksGlass = false
    /// The end of access if it began now.
    private(set) var deadline: Moment?

    var isAccepted: Bool { checks.allSatisfy(\.isKept) }

    /// `distrust` is why the agent would not read the file where it lies.
    init(of file: [UInt8], by judge: Judge, distrust: TrustError? = nil) {
        if let distrust {
            let finding = "\(distrust.code.rawValue): \(distrust)"
            var check = Check(
                name: "file",
                isKept: false,
                code: distrust.code.rawValue,
                finding: finding
            )
            check.remedy = distrust.remedy ?? ""
            checks.append(check)
        }
        do throws(DocumentError) {
            let document = try SignedDocument(file, signersBy: judge.verifier, at: judge.now)
            let payload = document.payload
            switch document.content {
            case .grant(let grant): check(grant, payload, by: judge)
            case .revocation(let revocation): check(revocation, payload, by: judge)
            case .review(let review): check(review, payload, by: judge)
            case .unbar(let unbar):
                addSignatures(of: payload, roles: [])
                ids = unbar.ids
                let list = ids.map(\.description).joined(separator: ", ")
                checks.append(Check(name: "syntax", isKept: true, finding: "ends the bars \(list)"))
                add("authority", judge.admission.refusal(of: unbar, signedBy: payload))
            case .bulletin(let bulletin): check(bulletin, payload, by: judge)
            }
        } catch {
            switch error {
            case .signature: fail("signature", error)
            case .syntax(_, let payload):
                addSignatures(of: payload, roles: [])
                fail("syntax", error)
            }
        }
    }

    private mutating func fail(_ name: String, _ error: DocumentError) {
        let finding = "\(error.code): \(error)"
        checks.append(Check(name: name, isKept: false, code: error.code, finding: finding))
    }

    private mutating func check(_ grant: Grant, _ signed: SignedPayload, by judge: Judge) {
        ids = [grant.id]
        let judgement = judge.admission.judge(
            grant,
            signedBy: signed,
            history: judge.known.history(of: grant.id),
            superseding: judge.known.superseded(by: grant),
            barredBy: judge.known.bar(of: grant, signed, at: judge.now),
            at: judge.now
        )
        addSignatures(of: signed, roles: judgement.roles)
        let summary = grant.summary.joined(separator: ", ")
        checks.append(Check(name: "syntax", isKept: true, finding: "\(grant.id) \(summary)"))
        breaksGlass = judgement.breakGlass != nil
        for check in judgement.checks { add(check.rule, check.refusal) }
        if let finding = judge.bulletins?.finding(at: judge.now) {
            checks.append(Check(name: "bulletin", isKept: true, finding: finding))
        }
        let opening = max(judge.now, grant.notBefore ?? judge.now)
        if isAccepted { deadline = grant.deadline(openingAt: opening) }
    }

    private mutating func check(
        _ revocation: Revocation,
        _ signed: SignedPayload,
        by judge: Judge
    ) {
        addSignatures(of: signed, roles: [])
        ids = judge.known.matching(revocation)
        let list = revocation.selection.texts.joined(separator: ", ")
        let bar = revocation.until.map { ", and lets no such grant open until \($0)" } ?? ""
        checks.append(Check(name: "syntax", isKept: true, finding: "revokes \(list)\(bar)"))
        let refusal = judge.admission.refusal(
            of: revocation,
            signedBy: signed,
            requestors: judge.known.requestors(of: revocation.selection.ids),
            at: judge.now
        )
        let isBarred = refusal == nil && judge.known.isOver(revocation, signed.sha256)
        add(refusal?.rule == "host" ? "host" : "authority", refusal ?? (isBarred ? .over : nil))
    }

    private mutating func check(
        _ review: Review,
        _ signed: SignedPayload,
        by judge: Judge
    ) {
        addSignatures(of: signed, roles: [])
        ids = [review.grant]
        let finding = "reviews \(review.grant) as \(review.outcome.rawValue)"
        checks.append(Check(name: "syntax", isKept: true, finding: finding))
        isReview = true
        let subject = judge.known.subject(of: review, inFile: signed.sha256)
        add("review", judge.admission.refusal(of: review, signedBy: signed, about: subject))
    }

    private mutating func check(
        _ bulletin: Bulletin,
        _ signed: SignedPayload,
        by judge: Judge
    ) {
        addSignatures(of: signed, roles: [])
        ids = bulletin.revokedGrants
        let finding =
            "of the fleet \(bulletin.fleet), issued at \(bulletin.issued), revokes"
            + " \(bulletin.revokedGrants.count.counting("grant")) and"
            + " \(bulletin.revokedKeys.count.counting("key"))"
        checks.append(Check(name: "syntax", isKept: true, finding: finding))
        let refusal = judge.admission.refusal(of: bulletin, signedBy: signed)
        add(refusal?.rule == "fleet" ? "fleet" : "authority", refusal)
    }

    /// A line for each signature: its signer and, under a grant, its role.
    private mutating func addSignatures(of signed: SignedPayload, roles: [SignatureRole]) {
        for (index, signature) in signed.signatures.enumerated() {
            var finding = "\(signature.principal), \(signature.keyType) \(signature.fingerprint)"
            if let certificate = signature.certificate { finding += ", \(certificate)" }
            if let browser = signature.browser { finding += ", on \(browser.origin)" }
            if roles.indices.contains(index) { finding += ": \(roles[index])" }
            checks.append(Check(name: "signature", isKept: true, finding: finding))
        }
    }

    private mutating func add(_ rule: String, _ refusal: Refusal?) {
        checks.append(
            Check(
                name: rule,
                isKept: refusal == nil,
                code: refusal?.rule ?? "",
                finding: refusal?.reason ?? "",
                field: refusal?.field ?? "",
                remedy: refusal?.remedy ?? ""
            )
        )
    }
}

extension Verification {
    /// A line for each check, and one for what follows from them.
    func lines(_ console: Console) -> [String] {
        let width = checks.map(\.name.count).max() ?? 0
        let lines = checks.map { check in
            let mark = check.isKept ? console.paint("ok", .green) : console.paint("NO", .red)
            let name = check.name + String(repeating: " ", count: width - check.name.count)
            let field = check.field.isEmpty ? "" : "\(check.field): "
            let remedy = check.remedy.isEmpty ? "" : "; \(check.remedy)"
            let text = DisplayText.safe("\(field)\(check.finding)\(remedy)")
            return text.isEmpty ? "\(mark)  \(check.name)" : "\(mark)  \(name)  \(text)"
        }
        return lines + [conclusion]
    }

    private var conclusion: String {
        guard isAccepted else {
            return isReview
                ? "refused: this host would not count the review"
                : "refused: this host would not open anything"
        }
        guard !isReview else { return "accepted: this host would take the grant as reviewed" }
        guard let deadline else {
            return "accepted: this host would act on it; it is about \(ids.count.counting("grant"))"
        }
        let alarm = breaksGlass ? ", and raise an alarm: this is a break-glass grant" : ""
        return "accepted: this host would hold it open until \(deadline.wholeSecond)\(alarm)"
    }

    var json: JSONValue {
        let checks = checks.map { check -> JSONValue in
            [
                "check": .string(check.name),
                "ok": .bool(check.isKept),
                "code": .string(check.code),
                "field": .string(check.field),
                "finding": .string(check.finding),
                "remedy": .string(check.remedy),
            ]
        }
        return [
            "accepted": .bool(isAccepted),
            "break_glass": .bool(breaksGlass),
            "ids": .array(ids.map { .string($0.description) }),
            "deadline": deadline.map { .string($0.description) } ?? .null,
            "checks": .array(checks),
        ]
    }
}
