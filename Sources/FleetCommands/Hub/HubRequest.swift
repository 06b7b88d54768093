import CommandSupport
import Grants
import StrictJSON
import Transfer

/// A request as a hub shows it (docs/PROTOCOL.hub, section 3); none of it is proved.
struct HubRequest {
    /// A signature under the request.
    struct Signature {
        let signer: String
        let namespace: String
    }

    /// The end of a request by a person.
    struct Decision {
        let decision: String
        let by: String
        let reason: String
    }

    let id: GrantID
    let payload: [UInt8]
    let state: String
    let askedBy: String
    let isSigned: Bool
    let lapses: Moment?
    let signatures: [Signature]
    let decision: Decision?
    let outlook: [HubOutlook]
    /// All of it as it came.
    let value: JSONValue

    init(_ value: JSONValue, from url: String) throws(CommandFailure) {
        guard let id = value["id"]?.text.flatMap({ try? GrantID(parsing: $0) }),
            let text = value["payload"]?.text, let payload = Base64.decode(Array(text.utf8)),
            let state = value["state"]?.text
        else { throw Self.malformed(url) }
        (self.id, self.payload, self.state, self.value) = (id, payload, state, value)
        askedBy = value["asked_by"]?.text ?? ""
        isSigned = value["is_signed"]?.flag ?? false
        lapses = value["lapses"]?.text.flatMap { try? Moment(parsing: $0) }
        signatures = (value["signatures"]?.items ?? []).map {
            Signature(signer: $0["signer"]?.text ?? "", namespace: $0["namespace"]?.text ?? "")
        }
        decision = value["decision"].flatMap(Decision.init)
        outlook = (value["outlook"]?.items ?? []).compactMap(HubOutlook.init)
    }

    static func malformed(_ url: String) -> CommandFailure {
        CommandFailure(
            .unavailable,
            "\(url): the answer is not what a hub says",
            hints: ["does a hub answer at this URL?"]
        )
    }

    /// True if nothing can open by it any more.
    var isOver: Bool { ["denied", "withdrawn", "lapsed", "ended"].contains(state) }

    var approvers: [String] {
        signatures.filter { $0.namespace == "jitgate-grant" }.map(\.signer)
    }

    var digest: String { Digest.sha256(of: payload).hexadecimal }
}

extension HubRequest.Decision {
    fileprivate init?(_ value: JSONValue) {
        guard let decision = value["decision"]?.text else { return nil }
        self.init(
            decision: decision,
            by: value["by"]?.text ?? "",
            reason: value["reason"]?.text ?? ""
        )
    }
}

/// The prospects of a request on one host, as a hub works them out.
struct HubOutlook {
    let host: String
    /// The state of the host.
    let state: String
    let opens: [String]
    /// The approvals that are missing, and the names that policy wants them from.
    let needs: Int
    let from: [String]
    /// True if the requestor's own signature is missing, too.
    let needsRequestor: Bool
    /// The reason why the host would not take it.
    let refusal: String?
    /// The reason why nothing is known of the host.
    let unknown: String?
    let isPublished: Bool
    let openSince: Moment?
    let deadline: Moment?

    fileprivate init?(_ value: JSONValue) {
        guard let host = value["host"]?.text else { return nil }
        self.host = host
        state = value["state"]?.text ?? ""
        opens = (value["opens"]?.items ?? []).compactMap(\.text)
        needs = Int(clamping: value["needs"]?.number ?? 0)
        from = (value["from"]?.items ?? []).compactMap(\.text)
        needsRequestor = value["needs_requestor"]?.flag ?? false
        refusal = value["refuses"].flatMap(Self.refusal)
        unknown = value["unknown"]?.text
        isPublished = value["published"]?.flag ?? false
        openSince = value["open_since"]?.text.flatMap { try? Moment(parsing: $0) }
        deadline = value["deadline"]?.text.flatMap { try? Moment(parsing: $0) }
    }

    /// The rule of a host that refuses, in a clause; `nil` for null.
    static func refusal(_ value: JSONValue) -> String? {
        guard value != .null else { return nil }
        let message = value["message"]?.text ?? value["code"]?.text ?? "one of its rules"
        let remedy = value["remedy"]?.text.flatMap { $0.isEmpty ? nil : "; \($0)" } ?? ""
        return message + remedy
    }

    /// The prospects in a clause.
    var summary: String {
        if let openSince {
            let end = deadline.map { " until \($0.wholeSecond)" } ?? ""
            return "open since \(openSince.wholeSecond)\(end)"
        }
        if let refusal { return "refuses: \(refusal)" }
        if isPublished { return "published, and not open yet" }
        if let unknown { return "nothing is known of it: \(unknown)" }
        let people = from.isEmpty ? "" : " from \(from.joined(separator: ", "))"
        let approvals = needs > 0 ? ["\(needs.counting("approval"))\(people)"] : []
        let all = approvals + (needsRequestor ? ["the requestor's signature"] : [])
        return all.isEmpty ? "opens" : "needs \(all.joined(separator: ", and "))"
    }

    /// True if the host is expected to take it.
    var isWilling: Bool { refusal == nil && unknown == nil }
}
