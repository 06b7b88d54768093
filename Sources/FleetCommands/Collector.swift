import Attestation
import CommandSupport
import Depot
import Grants
import Posture
import Publishing
import StrictJSON
import Transparency

/// A witness at work: shows it what the depot has of every host.
struct Collector {
    let fleet: Fleet
    let witness: WitnessDirectory
    let key: CosigningKey?
    let console: Console

    /// The result for one host.
    struct Finding {
        let host: ShelfName
        /// A stable word.
        let result: String
        let text: String
        var isAlarming = false
        /// True if a person wants to read it.
        var isNews = false
        var size: UInt64?

        static let columns = ["host", "result", "alarm", "message", "log_size"]

        var cells: [String] {
            [
                host.description, result, isAlarming ? "yes" : "no", text,
                size.map { "\($0)" } ?? "",
            ]
        }

        var json: JSONValue {
            [
                "host": .string(host.description), "result": .string(result),
                "alarm": .bool(isAlarming), "message": .string(text),
                "log_size": size.map { .integer(Int64(clamping: $0)) } ?? .null,
            ]
        }
    }

    /// Looks at every host of the inventory that has a key.
    func collect() throws(CommandFailure) -> [Finding] {
        var findings: [Finding] = []
        var progress = FleetProgress(of: fleet.inventory.entries.count, "hosts", on: console)
        defer { progress.end() }
        for entry in fleet.inventory.entries {
            if case .keyed(let key) = entry.kind {
                findings.append(try look(at: entry, by: key))
            }
            progress.advance()
        }
        return findings
    }

    private func look(at entry: Inventory.Entry, by key: VerifierKey) throws(CommandFailure)
        -> Finding
    {
        let known = try witness.host(entry.host, key: key)
        guard let bytes = try fleet.note(of: entry) else {
            return Finding(
                host: entry.host,
                result: "absent",
                text: "\(entry.host): there is no status"
            )
        }
        let note: StatusNote
        do throws(StatusError) {
            note = try StatusNote(parsing: bytes, signedBy: key)
        } catch {
            return Finding(
                host: entry.host,
                result: "unverified",
                text: "\(entry.host): \(error)",
                isAlarming: true,
                isNews: true
            )
        }
        var host = known ?? WitnessedHost(key: key)
        var found = host.look(at: note, now: console.now())
        if !host.unproved.isEmpty, let growth = try proof(of: entry, by: key) {
            let proved = host.look(at: growth, now: console.now())
            switch proved {
            case .proved, .forked: found = proved
            default: break
            }
        }
        if host != known { try witness.save(host, as: entry.host) }
        try cosign(host, entry.host, before: known)
        return Finding(entry.host, found, host)
    }

    /// The proof that a depot has; one that is not valid proves nothing.
    private func proof(
        of entry: Inventory.Entry,
        by key: VerifierKey
    ) throws(CommandFailure) -> ProvedGrowth? {
        guard let bytes = try fleet.read(.proof(entry.host)) else { return nil }
        return try? ConsistencyProof(parsing: bytes).verify(by: key)
    }

    private func cosign(
        _ host: WitnessedHost,
        _ name: ShelfName,
        before: WitnessedHost?
    ) throws(CommandFailure) {
        guard let key, host.base != before?.base || before == nil else { return }
        let note: String?
        do throws(ProofError) {
            note = try host.cosigned(by: key, now: console.now())
        } catch {
            throw CommandFailure(.inputOutput, "\(name): it cannot be cosigned: \(error)")
        }
        if let note { try witness.save(cosigned: note, of: name) }
    }

    /// Has a person's word stand for a contradiction.
    func accept(forkOf name: String, reason: String) throws(CommandFailure) {
        let entry = fleet.inventory.entries.first { $0.host.description == name }
        guard let entry, case .keyed(let key) = entry.kind else {
            throw CommandFailure(
                .no,
                "the inventory has no host \(DisplayText.safe(name.debugDescription)) with a key"
            )
        }
        guard var host = try witness.host(entry.host, key: key),
            host.accept(reason: reason, now: console.now())
        else { throw CommandFailure(.no, "\(name) has no fork to accept") }
        try witness.save(host, as: entry.host)
    }
}

extension Collector.Finding {
    /// The meaning of what a witness found.
    fileprivate init(_ host: ShelfName, _ finding: WitnessedHost.Finding, _ known: WitnessedHost) {
        let size = known.base?.checkpoint.checkpoint.size
        let (result, text, isNews): (String, String, Bool) =
            switch finding {
            case .first: ("first", "seen for the first time, with key \(known.key)", true)
            case .same: ("same", "nothing new", false)
            case .older: ("older", "the depot shows an older status", true)
            case .newer: ("newer", "a newer status", false)
            case .proved(let size): ("proved", "the log only grew, to \(size) records", false)
            case .unlinked: ("unlinked", "the proof does not begin with what is known", true)
            case .forked(let fork):
                ("forked", "FORK (\(fork.kind.rawValue)) since \(fork.seen.wholeSecond)", true)
            }
        self.init(
            host: host,
            result: result,
            text: "\(host): \(text)",
            isAlarming: known.isAlarming,
            isNews: isNews || known.isAlarming,
            size: size
        )
    }
}
