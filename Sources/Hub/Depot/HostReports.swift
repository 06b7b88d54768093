import Attestation
import Depot
import Grants
import HubStorage
import Posture
import Synchronization
import Transparency

/// Takes what hosts report: their statuses, and proofs that their logs only grew.
final class HostReports: Sendable {
    /// The time for which a second forgery in the name of a host is no entry of the log.
    private static let quiet: Duration = .seconds(600)
    /// The most hosts in whose names forgeries are remembered.
    private static let mostForged = 10_000

    private let database: any Database
    private let board: FleetBoard
    private let now: @Sendable () -> Moment
    private let forged = Mutex<[ShelfName: Moment]>([:])

    init(
        _ database: any Database,
        _ board: FleetBoard,
        now: @escaping @Sendable () -> Moment
    ) {
        (self.database, self.board, self.now) = (database, board, now)
    }

    /// Takes the status of a host; one that the key of the inventory did not sign is refused.
    func take(status bytes: [UInt8], of host: ShelfName) async throws {
        guard let key = await key(of: host) else { return try await keep(bytes, of: host) }
        let note: StatusNote
        do throws(StatusError) {
            note = try StatusNote(parsing: bytes, signedBy: key)
        } catch {
            throw try await forgery(host, "\(error)")
        }
        let (known, moment) = (await board.known(host), now())
        let result = try await database.write { statements throws(StorageError) in
            try StatusIntake(statements: statements, host: host, key: key, now: moment)
                .take(note, bytes, known)
        }
        switch result {
        case .refused(let reason): throw Self.refusal(host, reason)
        case .unchanged: return
        case .taken(let position, let witness):
            let root = note.checkpoint.checkpoint.root
            await board.took(ReadNote(note), of: host, root: root, at: position, witness)
        }
    }

    /// Takes the proof of a host that its log only grew.
    func take(proof bytes: [UInt8], of host: ShelfName) async throws {
        guard let key = await key(of: host) else {
            throw Self.refusal(host, "the inventory has no key of it")
        }
        let growth: ProvedGrowth
        do throws(ProofError) {
            growth = try ConsistencyProof(parsing: bytes).verify(by: key)
        } catch {
            throw try await forgery(host, "the proof: \(error)")
        }
        let moment = now()
        let result = try await database.write { statements throws(StorageError) in
            try StatusIntake(statements: statements, host: host, key: key, now: moment)
                .take(growth, bytes)
        }
        switch result {
        case .refused(let reason): throw Self.refusal(host, reason)
        case .unchanged: return
        case .taken(let position, var witness):
            let known = await board.known(host)
            witness.newest = known.witness?.newest
            await board.took(known.note, of: host, root: known.root, at: position, witness)
        }
    }

    private func key(of host: ShelfName) async -> VerifierKey? {
        guard case .keyed(let key) = await board.entry(of: host)?.kind else { return nil }
        return key
    }

    /// Keeps the status of a host without a key, to be shown as unverified.
    private func keep(_ bytes: [UInt8], of host: ShelfName) async throws {
        guard let origin = StatusNote.claimedOrigin(of: bytes) else {
            throw HubError(.malformed, "this is no status", "docs/PROTOCOL.fleet, section 1")
        }
        guard await board.hasRoom(forStranger: host) else {
            throw HubError(
                .full,
                "\(FleetBoard.mostStrangers) hosts report that the inventory does not have",
                "add \(host) to the inventory"
            )
        }
        let isNew = await !board.known(host).isThere
        let moment = now()
        let position = try await database.write { statements throws(StorageError) in
            if isNew {
                let text = "a status of \(host), signed by \(origin), and the inventory has no key"
                try ActivityRecords(statements: statements).append(
                    ActivityEntry(.hostUnverified, at: moment, host: host.description, text)
                )
            }
            return try StatusRecords(statements: statements)
                .put(bytes, of: host, witness: nil, at: moment)
        }
        let reason = "there is a status, of \(origin), and the inventory has no key"
        await board.took(.unverified(reason), of: host, root: nil, at: position, nil)
    }

    /// Puts a forgery on record, now and then; returns the refusal.
    private func forgery(_ host: ShelfName, _ reason: String) async throws -> HubError {
        let moment = now()
        let isNews = forged.withLock { forged in
            if let last = forged[host], moment - last < Self.quiet { return false }
            if forged.count >= Self.mostForged { forged = [:] }
            forged[host] = moment
            return true
        }
        if isNews {
            let text = "a status of \(host) was refused: \(reason)"
            try await database.write { statements throws(StorageError) in
                _ = try ActivityRecords(statements: statements).append(
                    ActivityEntry(.hostUnverified, at: moment, host: host.description, text)
                )
            }
        }
        return Self.refusal(host, reason)
    }

    private static func refusal(_ host: ShelfName, _ reason: String) -> HubError {
        HubError(
            .notAllowed,
            "this is not taken as the status of \(host): \(reason)",
            "compare `jitgate audit key` on the host with its line of the inventory"
        )
    }
}

extension KnownHost {
    var isThere: Bool { position > 0 }
}
