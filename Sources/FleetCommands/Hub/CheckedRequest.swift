import CommandSupport
import Grants
import StrictJSON

/// The payload of a request, found to say what the hub shows of it.
///
/// A hub could else show one grant and have another signed. People are shown what the bytes say.
struct CheckedRequest {
    let grant: Grant
    /// The bytes that are signed.
    let payload: [UInt8]
    /// Their SHA-256, in hex.
    let digest: String

    init(_ request: HubRequest, of id: GrantID) throws(CommandFailure) {
        payload = request.payload
        digest = request.digest
        guard payload.last == UInt8(ascii: "\n") else {
            throw Self.failure(id, "its payload does not end with a line feed")
        }
        do throws(GrantSyntaxError) {
            grant = try Grant(parsing: payload)
        } catch {
            throw Self.failure(id, "its payload is no grant: \(error)")
        }
        guard grant.id == id, request.id == id else {
            throw Self.failure(id, "its payload is that of \(grant.id)")
        }
        if let difference = Self.difference(grant, request.value, digest) {
            throw Self.failure(id, "the hub shows another \(difference) than its payload has")
        }
    }

    private static func failure(_ id: GrantID, _ reason: String) -> CommandFailure {
        CommandFailure(
            .no,
            "\(id): \(reason)",
            hints: ["do not sign it, and tell those who run the hub"]
        )
    }

    /// The name of the first member that says something else than the grant.
    private static func difference(
        _ grant: Grant,
        _ shown: JSONValue,
        _ digest: String
    ) -> String? {
        let comparisons: [(String, Bool)] = [
            ("sha256", shown["sha256"]?.text == digest),
            ("requestor", shown["requestor"]?.text == grant.requestor),
            ("hosts", list(shown["hosts"], HostPattern.init(parsing:)) == Set(grant.hosts)),
            ("ports", list(shown["ports"], Port.init(parsing:)) == Set(grant.ports)),
            ("sources", list(shown["sources"], Prefix.init(parsing:)) == Set(grant.sources)),
            ("expires", moment(shown["expires"]) == .some(grant.expires)),
            ("not_before", moment(shown["not_before"]) == .some(grant.notBefore)),
            ("reason", (shown["reason"]?.text ?? "") == grant.justification ?? ""),
            ("ticket", shown["ticket"]?.text == grant.ticket),
            (
                "supersedes",
                list(shown["supersedes"] ?? [], GrantID.init(parsing:)) == Set(grant.supersedes)
            ),
        ]
        return comparisons.first { !$0.1 }?.0
    }

    /// The values of a list; `nil` if one of them is malformed or there twice.
    private static func list<Value: Hashable>(
        _ value: JSONValue?,
        _ parse: (String) throws(TextError) -> Value
    ) -> Set<Value>? {
        guard let items = value?.items else { return nil }
        let values = items.compactMap(\.text).compactMap { text in try? parse(text) }
        let set = Set(values)
        return set.count == items.count ? set : nil
    }

    /// A moment, or none; `nil` if it is malformed.
    private static func moment(_ value: JSONValue?) -> Moment?? {
        guard let value, value != .null else { return .some(nil) }
        guard let text = value.text, let moment = try? Moment(parsing: text) else { return nil }
        return .some(moment)
    }
}
