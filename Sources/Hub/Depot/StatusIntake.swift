import Attestation
import Conditions
import Depot
import Grants
import HubStorage
import Posture
import Transparency

/// The facts about a host that its hub has in memory.
struct KnownHost: Sendable {
    /// The position of the status that the facts are of.
    var position: Int64 = 0
    var note = ReadNote.none
    /// The root of its log in that status.
    var root: TreeHash?
    var witness: WitnessView?
    var state: HostPosture.State?
}

/// Takes the notes and proofs of a host that its key has signed, in the transaction of the statements.
struct StatusIntake {
    /// The effect of a note or a proof.
    enum Result: Sendable {
        /// It is on record.
        case taken(position: Int64, WitnessView)
        /// It says nothing new.
        case unchanged
        case refused(String)
    }

    private static let breakGlass = ConditionCode.breakGlass.rawValue

    let statements: any Statements
    let host: ShelfName
    let key: VerifierKey
    let now: Moment

    private var records: StatusRecords { StatusRecords(statements: statements) }

    // MARK: notes

    /// Takes a note; `known` spares reading what the store has, if it is of the newest status.
    func take(
        _ note: StatusNote,
        _ bytes: [UInt8],
        _ known: KnownHost
    ) throws(StorageError) -> Result {
        let sighting = Sighting(NotePosition(note), seen: now)
        if known.isFollowed(by: note), try records.position(of: host) == known.position {
            let position = try records.put(bytes, of: host, witness: nil, at: now)
            try tell(note.status, known, isFirst: false)
            return .taken(position: position, WitnessView(newest: sighting))
        }
        var witness = try remembered()
        let before = witness
        let finding = witness.look(at: note, now: now)
        switch finding {
        case .same: return .unchanged
        case .older: return .refused("it is older than the status that the hub has")
        case .first, .newer, .forked, .proved, .unlinked: break
        }
        let position = try records.put(
            bytes,
            of: host,
            witness: StoredWitness.encode(witness),
            at: now
        )
        if let fork = witness.fork, before.fork == nil { try tell(fork) }
        try tell(note.status, known, isFirst: finding == .first && before.accepted.isEmpty)
        return .taken(position: position, WitnessView(witness))
    }

    /// The memory of the witness; that of the newest note is the row of the status itself.
    private func remembered() throws(StorageError) -> WitnessedHost {
        guard let row = try records.row(host),
            var witness = StoredWitness.decode(row.witness, by: key)
        else { return WitnessedHost(key: key) }
        if let note = try? StatusNote(parsing: row.note, signedBy: key) {
            witness.recall(Sighting(NotePosition(note), seen: row.seen))
        }
        return witness
    }

    // MARK: proofs

    /// Takes a proof that was verified, and keeps it for other witnesses.
    func take(_ growth: ProvedGrowth, _ bytes: [UInt8]) throws(StorageError) -> Result {
        var witness = try remembered()
        let before = witness
        let finding = witness.look(at: growth, now: now)
        let path = DepotObject.proof(host).path
        switch finding {
        case .unlinked, .older: return .refused("it does not begin with what the hub knows")
        case .same, .first, .newer: return .unchanged
        case .proved: try DepotRecords(statements).replace(object: path, by: bytes, at: now)
        case .forked: break
        }
        if let fork = witness.fork, before.fork == nil { try tell(fork) }
        let position = try records.put(witness: StoredWitness.encode(witness), of: host)
        return .taken(position: position, WitnessView(witness))
    }

    // MARK: telling

    private func tell(_ fork: Fork) throws(StorageError) {
        try tell(.hostForked, "\(host) has signed two logs (\(fork.kind.rawValue))")
    }

    private func tell(
        _ status: HostStatus,
        _ known: KnownHost,
        isFirst: Bool
    ) throws(StorageError) {
        if isFirst {
            try tell(.hostFirst, "the first status of \(host), with key \(key)")
        } else if known.state == .silent {
            try tell(.hostBack, "\(host) reports again")
        }
        try tellBreakGlass(status)
        if let earlier = known.note.status, earlier.grants.ids == status.grants.ids { return }
        let openings = OpeningRecords(statements: statements)
        let difference = try openings.update(host, to: status, at: now)
        for grant in difference.opened { try tell(grant) }
        for opening in difference.closed {
            try tell(
                .closed,
                "\(opening.grant) of \(opening.requestor) is closed on \(host)",
                opening.grant,
                opening.requestor
            )
        }
    }

    /// Tells once of each break-glass grant that nobody has reviewed; by the store, since other hubs may have.
    private func tellBreakGlass(_ status: HostStatus) throws(StorageError) {
        for condition in status.conditions where condition.code == Self.breakGlass {
            guard let grant = try? GrantID(parsing: condition.subject) else { continue }
            let known = try statements.rows(
                "SELECT 1 FROM activity WHERE request = $1 AND host = $2 AND event = $3 LIMIT 1",
                [
                    .text(grant.description), .text(host.description),
                    .text(ActivityEvent.breakGlass.rawValue),
                ]
            )
            guard known.isEmpty else { continue }
            let text = "\(host): \(condition.message.prefix(300))"
            try tell(.breakGlass, text, grant.description)
        }
    }

    private func tell(_ grant: HostStatus.OpenGrant) throws(StorageError) {
        let ports = grant.ports.map(\.description).joined(separator: ", ")
        let sources = grant.sources.map(\.description).joined(separator: ", ")
        try tell(
            .opened,
            "\(grant.id) of \(grant.requestor) is open on \(host): \(ports) from \(sources)",
            grant.id.description,
            grant.requestor
        )
    }

    private func tell(
        _ event: ActivityEvent,
        _ text: String,
        _ request: String? = nil,
        _ actor: String? = nil
    ) throws(StorageError) {
        try ActivityRecords(statements: statements).append(
            ActivityEntry(
                event,
                at: now,
                request: request,
                host: host.description,
                actor: actor,
                text
            )
        )
    }
}

extension KnownHost {
    /// True if a note adds nothing to the memory of the witness but its time.
    fileprivate func isFollowed(by note: StatusNote) -> Bool {
        guard case .verified(_, let position) = self.note, let witness, !witness.isAlarming,
            note.checkpoint.checkpoint.size == position.size,
            note.checkpoint.checkpoint.root == root
        else { return false }
        return NotePosition(note).order(after: position) == .newer
    }
}

extension ReadNote {
    /// The words of the host, if they may be believed.
    var status: HostStatus? {
        guard case .verified(let status, _) = self else { return nil }
        return status
    }
}

extension HostStatus.Grants {
    fileprivate var ids: Set<GrantID> { Set(open.map(\.id)) }
}
