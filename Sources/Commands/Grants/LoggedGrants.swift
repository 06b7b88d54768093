import Admission
import Auditing
import Grants
import Linux
import Recording

/// The grants of this host's log, by which a file is judged.
struct LoggedGrants {
    private var ledger = Ledger()

    /// Reads the log; if it cannot be read, adds a note and takes no grant as known.
    init(reading path: String, on console: Console) {
        guard FileAccess.exists(path) || FileAccess.isReadingDenied(path) else { return }
        var ledger = Ledger()
        do {
            try AuditLogFile.forEachLine(path) { line in try ledger.take(Record(parsing: line)) }
        } catch {
            let place = error is RecordingError ? "" : "\(path): "
            console.note("jitgate: the log is not taken into account: \(place)\(error)")
            return
        }
        self.ledger = ledger
    }

    func history(of id: GrantID) -> GrantHistory {
        switch ledger[id] {
        case nil: .unseen
        case .accepted(let grant): .live(sha256: grant.digest, openSince: nil)
        case .open(let grant, let since, _): .live(sha256: grant.digest, openSince: since)
        case .ended(_, let reason): .ended(reason: reason)
        case .unreadable(let why): .unreadable(why: why)
        }
    }

    /// The live grants that a grant supersedes.
    func superseded(by grant: Grant) -> [GrantID: SupersededGrant] {
        var found: [GrantID: SupersededGrant] = [:]
        for id in grant.supersedes {
            guard let live = ledger.standings[id]?.live else { continue }
            found[id] = SupersededGrant(requestor: live.requestor, ports: live.ports)
        }
        return found
    }
}
