import Depot
import Grants
import HubStorage
import Offers
import Requests

/// Signed files as hosts get them: of requests, and those that need none, such as revocations, reviews and whole grants.
struct FileDesk: Sendable {
    let desk: RequestDesk

    /// The file of a request, as hosts get it.
    func file(of id: GrantID) async throws(RequestError) -> [UInt8] {
        let stored = try await desk.find(id)
        let counted = desk.counted(stored, at: desk.now())
        guard !counted.verified.isEmpty else { throw .notSigned("nobody has signed it yet") }
        return counted.file(for: stored.request.grant.requestor)
    }

    /// Puts a file on the shelves of the hosts that it names.
    func send(
        _ bytes: [UInt8],
        by name: String
    ) async throws(RequestError) -> (digest: ObjectDigest, shelves: [ShelfName]) {
        let now = desk.now()
        let file: OfferedFile
        do throws(OfferedFile.Refusal) {
            file = try OfferedFile(checking: bytes, by: desk.verifier(), at: now)
        } catch {
            throw error.isAboutSigning ? .notSigned(error.reason) : .malformed(error.reason)
        }
        if let end = file.facts.end, end <= now { throw .over("it was over at \(end.wholeSecond)") }
        let shelves = file.shelves(common: [ShelfName("all")].compactMap(\.self))
        let full = try await RequestError.write(desk.database) { statements throws(StorageError) in
            let isKnown = try RequestRecords(statements: statements).hasFile(file.digest)
            let publication = Publication(file, on: shelves, of: nil)
            let full = try Publisher(statements, at: now).publish(publication).full
            if !isKnown, full.count < shelves.count {
                let id = file.id?.description
                let text = "\(name) sent a \(file.kind) to the shelves \(shelves.shortText)"
                let entry = ActivityEntry(.fileSent, at: now, request: id, actor: name, text)
                try ActivityRecords(statements: statements).append(entry)
            }
            return Result<[ShelfName], RequestError>.success(full)
        }
        guard full.count < shelves.count else { throw .full }
        return (file.digest, shelves.filter { !full.contains($0) })
    }
}

extension OfferedFile.Refusal {
    /// True if the signatures are at fault, not what is signed.
    fileprivate var isAboutSigning: Bool {
        ["unsigned", "stranger", "not-allowed", "wrong-namespace", "tampered", "revoked"]
            .contains(code)
    }
}

extension RequestRecords {
    /// Returns whether the depot has a file.
    func hasFile(_ digest: ObjectDigest) throws(StorageError) -> Bool {
        let rows = try statements.rows(
            "SELECT 1 FROM file WHERE digest = $1",
            [.text(digest.description)]
        )
        return !rows.isEmpty
    }
}
