import Admission
import Auditing
import CommandSupport
import Grants
import Linux
import Recording
import Signatures

/// The grants of this host's log, by which a file is judged.
struct LoggedGrants {
    private var logState = LogState()
    /// The files in which break-glass grants came, with what their signatures rest on.
    private var files: [String: AuditEntry] = [:]

    /// Reads the log; if it cannot be read, adds a note and takes no grant as known.
    init(reading path: String, on console: Console) {
        guard FileAccess.exists(path) || FileAccess.isReadingDenied(path) else { return }
        var logState = LogState()
        var files: [String: AuditEntry] = [:]
        do {
            try AuditLogFile.forEachLine(path) { line in
                let record = try Record(parsing: line)
                try logState.take(record)
                let entry = record.entry
                guard entry.event == .grantAccepted, entry[.breakGlass] != nil else { return }
                files[entry[.digest] ?? ""] = entry
            }
        } catch {
            let place = error is RecordingError ? "" : "\(path): "
            console.note("jitgate: the log is not taken into account: \(place)\(error)")
            return
        }
        self.logState = logState
        self.files = files
    }

    func history(of id: GrantID) -> GrantHistory {
        switch logState[id] {
        case nil: .unseen
        case .accepted(let grant): .live(sha256: grant.digest, openSince: nil)
        case .open(let grant, let since, _): .live(sha256: grant.digest, openSince: since)
        case .ended(_, let reason): .ended(reason: reason)
        case .unreadable(let why): .unreadable(why: why)
        }
    }

    /// The grant that a review in a file of this SHA-256 is of.
    func subject(of review: Review, inFile digest: String) -> ReviewSubject {
        guard let glass = logState.breakGlass[review.grant] else {
            return logState[review.grant] == nil ? .unknown : .unalarmed
        }
        switch glass.review {
        case nil: return .awaited(people: people(of: glass))
        case digest: return .awaited(people: [])
        default: return .reviewed
        }
    }

    private func people(of glass: BreakGlassGrant) -> [SignerIdentity] {
        let live = glass.grant
        let entry = files[live.digest]
        return SignedPayload.people(
            inFile: entry?[.evidence].map { Array($0.utf8) },
            signersBy: entry?.fields[.allowedSigners].map { lines in
                Array(lines.map { $0 + "\n" }.joined().utf8)
            },
            at: live.acceptedAt,
            under: live.rules,
            askingFor: live.requestor,
            orNamed: live.fields[.signers] ?? []
        )
    }

    /// The live grants that a grant supersedes.
    func superseded(by grant: Grant) -> [GrantID: SupersededGrant] {
        var found: [GrantID: SupersededGrant] = [:]
        for id in grant.supersedes {
            guard let live = logState.grantStates[id]?.live else { continue }
            found[id] = SupersededGrant(requestor: live.requestor, ports: live.ports)
        }
        return found
    }

    /// The bar that keeps a grant from opening.
    func bar(of grant: Grant, _ payload: SignedPayload, at now: Moment) -> Bar? {
        let subject = RevocableGrant(grant, signedBy: payload.parties)
        return BarTable(logState.bars.values).bar(of: subject, at: now)
    }

    /// The keys that bulletins revoked.
    var barredKeys: BarredKeys { BarredKeys(logState.lockouts.fleet.keys.keys) }

    private var live: [LiveGrant] {
        logState.grantStates.values.compactMap(\.live) + logState.draining.values.map(\.grant)
    }

    /// The grants that a revocation would end, or names.
    func matching(_ revocation: Revocation) -> [GrantID] {
        let match = RevocationMatch(revocation.selection)
        let found = live.filter { grant in
            match.matches(
                RevocableGrant(
                    id: grant.id,
                    requestor: grant.requestor,
                    sources: grant.sources,
                    parties: grant.parties
                )
            )
        }
        return Array(Set(found.map(\.id) + revocation.selection.ids)).sorted()
    }

    func requestors(of ids: [GrantID]) -> [GrantID: String] {
        let known = Set(ids)
        let pairs = live.filter { known.contains($0.id) }.map { ($0.id, $0.requestor) }
        return Dictionary(pairs) { first, _ in first }
    }

    /// Returns true if a revocation that takes effect once has done so.
    func isOver(_ revocation: Revocation, _ digest: String) -> Bool {
        revocation.isOver(digest, isKnown: { logState[$0] != nil }, bar: { logState.bars[$0] })
    }
}
