import Depot
import Grants
import HubStorage
import Offers
import Requests

/// Puts the files of requests on the shelves of the hosts whose rules are met (docs/PROTOCOL.hub, section 4).
struct RequestPublication: Sendable {
    let desk: RequestDesk

    /// Puts the file of a request on the shelves of the hosts whose rules are met by now.
    ///
    /// It may be repeated: what is published already stays as it is.
    func reconsider(_ id: GrantID) async throws(RequestError) {
        let now = desk.now()
        let stored = try await desk.find(id)
        guard stored.mayBePublished(at: now) else { return }
        let counted = desk.counted(stored, at: now)
        let outlook = RequestOutlook(
            of: stored.request.grant,
            signedBy: counted.verified,
            in: await desk.fleet(stored.request.grant),
            at: now
        )
        let file: OfferedFile
        do throws(OfferedFile.Refusal) {
            guard !outlook.metShelves.isEmpty else { return }
            let bytes = counted.file(for: stored.request.grant.requestor)
            file = try OfferedFile(checking: bytes, by: desk.verifier(), at: now)
        } catch {
            // A key has ended since it was counted: the next signature decides.
            return
        }
        let due = outlook.metShelves.filter { stored.lacks(file.digest, on: $0) }
        guard !due.isEmpty else { return }
        try await publish(file, of: stored, on: due, at: now)
    }

    private func publish(
        _ file: OfferedFile,
        of stored: StoredRequest,
        on due: [ShelfName],
        at now: Moment
    ) async throws(RequestError) {
        try await RequestError.write(desk.database) { statements throws(StorageError) in
            let (records, id) = (RequestRecords(statements: statements), stored.request.grant.id)
            // Another signature or a decision may have come since.
            guard let current = try records.find(id), current.mayBePublished(at: now),
                current.signatures == stored.signatures
            else { return Result<Void, RequestError>.success(()) }
            let due = due.filter { current.lacks(file.digest, on: $0) }
            guard !due.isEmpty else { return .success(()) }
            let publication = Publication(file, on: due, of: id)
            let full = try Publisher(statements, at: now).publish(publication).full
            if full.count < due.count, current.state == .pending {
                try records.set(.published, of: id, at: now)
            }
            let log = ActivityRecords(statements: statements)
            let put = due.filter { !full.contains($0) }
            if !put.isEmpty { try log.append(.put(id, .published, put, at: now)) }
            // It is tried again and again, and told once.
            if !full.isEmpty, try !records.hasFailed(id) {
                try log.append(.put(id, .publishFailed, full, at: now))
            }
            try ChangeRecords(statements: statements).append(.request, id.description)
            return .success(())
        }
    }

    /// Looks at all requests that wait or may be put on more shelves, as after a change of hosts' rules.
    func reconsiderAll() async throws(RequestError) {
        var position: Int64 = 0
        while true {
            let (after, moment) = (position, desk.now())
            let batch = try await RequestError.read(desk.database) {
                statements throws(StorageError) in
                try RequestRecords(statements: statements).live(
                    at: moment,
                    after: after,
                    limit: 100
                )
            }
            guard let last = batch.last else { return }
            for (id, _) in batch { try await reconsider(id) }
            position = last.position
        }
    }
}

extension StoredRequest {
    fileprivate func mayBePublished(at now: Moment) -> Bool {
        switch state {
        case .pending: now < lapses
        case .published: now < request.grant.expires
        case .denied, .withdrawn, .lapsed: false
        }
    }

    /// True if a shelf has another file of the request, or none, and its host has not opened it.
    fileprivate func lacks(_ digest: ObjectDigest, on shelf: ShelfName) -> Bool {
        guard let known = publications.first(where: { $0.shelf == shelf }) else { return true }
        return known.digest != digest.description && !openings.contains { $0.host == shelf }
    }
}

extension Publication {
    /// The publication of a file that has been checked; `request` is that of which it is the file.
    init(_ file: OfferedFile, on shelves: [ShelfName], of request: GrantID?) {
        self.init(
            file.bytes,
            line: file.line,
            facts: file.facts,
            shelves: shelves,
            request: request
        )
    }
}

extension ActivityEntry {
    fileprivate static func put(
        _ id: GrantID,
        _ event: ActivityEvent,
        _ shelves: [ShelfName],
        at now: Moment
    ) -> Self {
        let text = event == .published ? "is on the shelves" : "found no room on the shelves"
        let names = shelves.shortText
        return Self(event, at: now, request: id.description, "the file \(text) \(names)")
    }
}

extension [ShelfName] {
    /// The first names, and the number of the others.
    var shortText: String {
        let names = prefix(5).map(\.description).joined(separator: ", ")
        return names + (count > 5 ? " and \(count - 5) more" : "")
    }
}

extension RequestRecords {
    /// Returns whether the log says that a shelf had no room for a request.
    fileprivate func hasFailed(_ id: GrantID) throws(StorageError) -> Bool {
        let rows = try statements.rows(
            "SELECT 1 FROM activity WHERE request = $1 AND event = $2 LIMIT 1",
            [.text(id.description), .text(ActivityEvent.publishFailed.rawValue)]
        )
        return !rows.isEmpty
    }
}
