import Grants
import HubStorage
import Requests

/// The evidence of requests (docs/PROTOCOL.hub, section 3).
struct EvidenceDesk: Sendable {
    let desk: RequestDesk

    /// Keeps a text of the requestor's with a request that waits.
    func put(_ text: String, of id: GrantID, by name: String) async throws(RequestError) {
        let now = desk.now()
        try await RequestError.write(desk.database) { statements throws(StorageError) in
            guard let stored = try RequestRecords(statements: statements).find(id) else {
                return Result<Void, RequestError>.failure(.notFound)
            }
            guard stored.request.grant.requestor.lowercased() == name.lowercased() else {
                return .failure(.notAllowed("evidence comes from the requestor of a request"))
            }
            guard stored.state == .pending, now < stored.lapses else {
                return .failure(.over("evidence is for requests that wait"))
            }
            let records = EvidenceRecords(statements: statements)
            var evidence = try records.find(id) ?? Evidence()
            evidence.text = text
            try records.put(evidence, for: id)
            return .success(())
        }
    }

    /// The evidence of a request; empty if there is none.
    func find(_ id: GrantID) async throws(RequestError) -> Evidence {
        let found = try await RequestError.read(desk.database) {
            statements throws(StorageError) -> Evidence? in
            guard try RequestRecords(statements: statements).find(id) != nil else { return nil }
            return try EvidenceRecords(statements: statements).find(id) ?? Evidence()
        }
        guard let found else { throw .notFound }
        return found
    }
}
