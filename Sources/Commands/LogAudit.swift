import Auditing
import Recording
import StrictJSON

/// One pass over a whole log: tree, checkpoints, evidence, signatures.
struct LogAudit {
    /// After so many records the progress is shown anew.
    private static let progressInterval = 20_000

    let log: AuditedLog
    private(set) var checkpoint: Checkpoint
    private(set) var flaws: [LogFlaw] = []
    /// How many records stand where they were signed.
    private(set) var records = 0
    private(set) var evidence: EvidenceCheck
    /// What an auditor holds, and whether today's log begins with it.
    private var held: (checkpoint: Checkpoint, path: String)?

    init(_ log: AuditedLog) throws(CommandFailure) {
        self.log = log
        checkpoint = try log.checkpoint().0
        evidence = EvidenceCheck(files: log.state, isWhole: log.first == 0)
    }

    var isVerified: Bool { flaws.isEmpty }
    var signatures: Int { evidence.signatures }

    /// Also checks that the log begins with what this checkpoint signs.
    mutating func hold(to path: String) throws(CommandFailure) {
        held = (try AuditedLog.checkpoint(path, by: log.key).0, path)
    }

    mutating func run(on console: Console) throws(CommandFailure) {
        let (leaves, problem) = log.leaves(signedBy: checkpoint)
        if let problem { flaws.append(LogFlaw(.leaves, problem)) }
        var verifier = LogVerifier(
            signed: checkpoint.size,
            leaves: leaves?.hashes,
            from: log.first,
            watching: [checkpoint.size, held?.checkpoint.size ?? 0]
        )
        try log.forEachLine { line in
            if let record = verifier.take(line) { take(record, console) }
            return true
        }
        verifier.finish()
        console.progress?("")
        // What follows from a record that is not the one that was signed is no news.
        if !verifier.flaws.isEmpty { flaws.removeAll { $0.kind == .unaccepted } }
        flaws = verifier.flaws + flaws
        compareRoots(leaves, verifier)
    }

    private mutating func take(_ record: Record, _ console: Console) {
        records += 1
        if flaws.count < 1000 { flaws += evidence.flaws(of: record) }
        guard let progress = console.progress, records % Self.progressInterval == 0 else { return }
        let part = min(100, UInt64(records) * 100 / max(1, checkpoint.size - log.first))
        let bar = String(repeating: "#", count: Int(part) / 5)
        let rest = String(repeating: ".", count: 20 - Int(part) / 5)
        progress("\(bar)\(rest) \(part) %, \(records) records")
    }

    private mutating func compareRoots(_ leaves: MerkleLeaves?, _ verifier: LogVerifier) {
        let root = { (size: UInt64) in
            leaves.map { size <= $0.hashes.count ? $0.root(of: Int(size)) : nil }
                ?? verifier.roots[size]
        }
        // Without its beginning and without leaves nothing of it can be told.
        if root(checkpoint.size) != checkpoint.root {
            flaws.append(LogFlaw(.root, "the records do not add up to what the checkpoint signs"))
        }
        guard let held else { return }
        let (old, path) = held
        if old.size > checkpoint.size {
            let text = "\(path): it signs \(old.size) records, and the log has \(checkpoint.size)"
            flaws.append(LogFlaw(.forked, at: checkpoint.size, text))
        } else if root(old.size) != old.root {
            let text = "\(path): the first \(old.size) records are not those that it signs"
            flaws.append(LogFlaw(.forked, text))
        }
    }

    // MARK: what came of it

    func lines(_ console: Console) -> [String] {
        guard isVerified else {
            return flaws.map { "\(console.paint("NO", .red))  \(ShownText.safe($0.description))" }
                + ["not verified: \(log.directory.path)"]
        }
        var lines = ["verified: \(records) records, \(signatures) signatures"]
        if log.first > 0 { lines.append("pruned: records 0 to \(log.first - 1) are not here") }
        if log.state == nil { lines.append("evidence: in the records; no files of it are at hand") }
        lines.append("checkpoint: \(checkpoint.size) \(checkpoint.root.base64)")
        if let held { lines.append("extends: the \(held.checkpoint.size) records of \(held.path)") }
        return lines + ["key: \(log.key)"]
    }

    var json: JSONValue {
        [
            "verified": .bool(isVerified), "records": .integer(Int64(records)),
            "first": .integer(Int64(log.first)), "signatures": .integer(Int64(signatures)),
            "evidence_files": .integer(Int64(evidence.files)), "key": .string("\(log.key)"),
            "checkpoint": Self.json(checkpoint),
            "since": held.map { Self.json($0.checkpoint) } ?? .null,
            "flaws": .array(flaws.map(Self.json)),
        ]
    }

    private static func json(_ checkpoint: Checkpoint) -> JSONValue {
        [
            "origin": .string(checkpoint.origin), "size": .integer(Int64(checkpoint.size)),
            "root": .string(checkpoint.root.base64),
        ]
    }

    static func json(_ flaw: LogFlaw) -> JSONValue {
        [
            "kind": .string(flaw.kind.rawValue),
            "record": flaw.record.map { .integer(Int64(clamping: $0)) } ?? .null,
            "text": .string(flaw.description),
        ]
    }
}
