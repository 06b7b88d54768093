import Auditing
import Grants
import Recording
import StrictJSON
import Transparency

/// One pass over a whole log: tree, checkpoints, evidence, signatures.
struct LogAudit {
    /// So many lines that are not signed yet are kept at a time.
    private static let tailLimit = 65_536

    let log: AuditedLog
    /// What is signed, and the note that says so.
    private(set) var checkpoint: Checkpoint
    private(set) var note: String
    private(set) var flaws: [LogFlaw] = []
    /// How many records stand where they were signed.
    private(set) var records = 0
    /// When the oldest of them was made.
    private var begins: Moment?
    private(set) var evidence: EvidenceCheck
    /// What was signed earlier in the pass, oldest first.
    private var before: [Checkpoint] = []
    private var leaves: MerkleLeaves?
    /// What an auditor holds, and whether today's log begins with it.
    private var held: (checkpoint: Checkpoint, path: String)?

    init(_ log: AuditedLog) throws(CommandFailure) {
        self.log = log
        try log.requireReadableLeaves()
        (checkpoint, note) = try log.checkpoint()
        leaves = log.leaves(signedBy: checkpoint).0
        evidence = EvidenceCheck(files: log.state, isWhole: log.first == 0)
    }

    var isVerified: Bool { flaws.isEmpty }
    var signatures: Int { evidence.signatures }

    /// Also checks that the log begins with what this checkpoint signs.
    mutating func hold(to path: String) throws(CommandFailure) {
        held = (try AuditedLog.checkpoint(path, by: log.key).0, path)
    }

    mutating func run(on console: Console) throws(CommandFailure) {
        var verifier = LogVerifier(
            signed: checkpoint.size,
            leaves: leaves?.hashes,
            from: log.first,
            watching: [checkpoint.size, held?.checkpoint.size ?? 0]
        )
        var lines = try log.passage()
        var bar = ProgressBar(to: Int(checkpoint.size) - Int(log.first), on: console)
        try takeSigned(&lines, &verifier) { bar.show($0) }
        bar.end(isFull: verifier.hasAllSigned)
        try takeRest(&lines, &verifier, console)
        verifier.finish()
        flaws += evidence.missing
        // What follows from a record that is not the one that was signed is no news.
        if !verifier.flaws.isEmpty { flaws.removeAll { $0.kind == .unaccepted } }
        let files = try evidence.fileFlaws(in: log, console)
        flaws = leafFlaws(console) + verifier.flaws + (flaws + files).sorted(by: LogFlaw.isBefore)
        compareRoots(verifier)
        try requireOldest()
    }

    /// What retention took while we were reading is not missing.
    private func requireOldest() throws(CommandFailure) {
        guard !isVerified, try log.oldest() > log.first else { return }
        throw CommandFailure(
            .temporary,
            "\(log.directory.path): the agent removed its oldest records meanwhile",
            hints: ["try again"]
        )
    }

    /// Takes lines until all that is signed was found.
    private mutating func takeSigned(
        _ lines: inout LogPassage,
        _ verifier: inout LogVerifier,
        _ progress: (Int) -> Void = { _ in }
    ) throws(CommandFailure) {
        guard !verifier.hasAllSigned else { return }
        try log.read(&lines) { line in
            take(line, by: &verifier)
            progress(records)
            return !verifier.hasAllSigned
        }
    }

    private mutating func take(_ line: ArraySlice<UInt8>, by verifier: inout LogVerifier) {
        guard let record = verifier.take(line) else { return }
        records += 1
        begins = begins ?? record.stamp.realtime
        if flaws.count < 1000 { flaws += evidence.flaws(of: record) }
    }

    /// Takes the lines behind those: an agent beside us signs what it writes a moment later.
    private mutating func takeRest(
        _ lines: inout LogPassage,
        _ verifier: inout LogVerifier,
        _ console: Console
    ) throws(CommandFailure) {
        var goesOn = verifier.hasAllSigned
        while goesOn {
            var tail: [[UInt8]] = []
            try log.read(&lines) { line in
                tail.append(Array(line))
                return tail.count < Self.tailLimit
            }
            guard !tail.isEmpty else { return }
            let isSigned = awaitSignature(over: tail, console)
            if isSigned { verifier.extend(to: checkpoint.size, leaves: leaves?.hashes) }
            for line in tail { take(line[...], by: &verifier) }
            // What came after that is for whoever verifies next.
            if isSigned { try takeSigned(&lines, &verifier) }
            goesOn = tail.count == Self.tailLimit
        }
    }

    /// Whether a checkpoint signs as many records as there are now; then it is the one from here on.
    private mutating func awaitSignature(over tail: [[UInt8]], _ console: Console) -> Bool {
        let size = checkpoint.size + UInt64(tail.count)
        guard (try? Record(parsing: tail[0]))?.sequence == checkpoint.size else { return false }
        let (log, hasLeaves) = (log, leaves != nil)
        return console.wait {
            guard let (newer, note) = try? log.checkpoint() else { return false }
            let leaves = hasLeaves ? log.leaves(signedBy: newer).0 : nil
            guard newer.size >= size, hasLeaves == (leaves != nil) else { return false }
            before.append(checkpoint)
            (checkpoint, self.note, self.leaves) = (newer, note, leaves)
            return true
        }
    }

    /// An agent that starts makes the leaves anew.
    private func leafFlaws(_ console: Console) -> [LogFlaw] {
        guard leaves == nil else { return [] }
        let (log, checkpoint) = (log, checkpoint)
        let isMended = console.wait { log.leaves(signedBy: checkpoint).0 != nil }
        guard !isMended, let problem = log.leaves(signedBy: checkpoint).problem else { return [] }
        return [LogFlaw(.leaves, problem)]
    }

    private mutating func compareRoots(_ verifier: LogVerifier) {
        let leaves = leaves
        let root = { (size: UInt64) in
            leaves.map { size <= $0.hashes.count ? $0.root(of: Int(size)) : nil }
                ?? verifier.roots[size]
        }
        // Without its beginning and without leaves nothing of it can be told.
        for signed in before + [checkpoint] where root(signed.size) != signed.root {
            flaws.append(LogFlaw(.root, "the records do not add up to what the checkpoint signs"))
        }
        guard let held else { return }
        let (old, path) = held
        if old.size > checkpoint.size {
            let text =
                "\(path): it signs \(old.size.counting("record")), and the log has \(checkpoint.size)"
            flaws.append(LogFlaw(.forked, at: checkpoint.size, text))
        } else if root(old.size) != old.root {
            let text = "\(path): the first \(old.size) records are not those that it signs"
            flaws.append(LogFlaw(.forked, text))
        }
    }
}

// MARK: what came of it

extension LogAudit {
    func lines(_ console: Console) -> [String] {
        guard isVerified else {
            return flaws.map { "\(console.paint("NO", .red))  \(ShownText.safe($0.description))" }
                + ["not verified: \(log.directory.path)"]
        }
        let signed = "\(records.counting("record")), \(signatures.counting("signature"))"
        var lines = ["verified: \(signed)"]
        if log.first > 0 {
            let since = begins.map { ", the oldest is of \($0.wholeSecond)" } ?? ""
            lines.append("pruned: records 0 to \(log.first - 1) are not here\(since)")
        }
        if evidence.unjudged > 0 {
            let grants = evidence.unjudged.counting("grant")
            lines.append("unjudged: \(grants), whose policy is not here or cannot be read")
        }
        if evidence.judgedByEarlierRules > 0 {
            let grants = evidence.judgedByEarlierRules.counting("grant")
            lines.append("earlier rules: \(grants), judged by the rules of an earlier version")
        }
        if evidence.unproven > 0 {
            let openings = evidence.unproven.counting("opening")
            lines.append("unproven: \(openings), whose grant was accepted in records not here")
        }
        if log.state == nil { lines.append("evidence: in the records; no files of it are at hand") }
        lines.append("checkpoint: \(checkpoint.size) \(checkpoint.root.base64)")
        if let held {
            lines.append(
                "extends: the \(held.checkpoint.size) records of \(ShownText.safe(held.path))"
            )
        }
        if log.isOwnKey {
            lines.append("note: the key is the one beside the log; compare it with yours (--key)")
        }
        return lines + ["key: \(ShownText.safe("\(log.key)"))"]
    }

    var json: JSONValue {
        [
            "verified": .bool(isVerified), "records": .integer(Int64(records)),
            "first": .integer(Int64(log.first)), "signatures": .integer(Int64(signatures)),
            "evidence_files": .integer(Int64(evidence.files)),
            "unjudged": .integer(Int64(evidence.unjudged)),
            "earlier_rules": .integer(Int64(evidence.judgedByEarlierRules)),
            "unproven": .integer(Int64(evidence.unproven)), "key": .string("\(log.key)"),
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
