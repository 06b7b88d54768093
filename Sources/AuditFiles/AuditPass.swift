package import Auditing
package import CommandSupport
import Grants
import Recording
package import StrictJSON
package import Transparency
package import Verifying

/// One pass over a whole log as its files are now, while an agent may write to them.
package struct AuditPass {
    /// The most unsigned lines that are kept at a time.
    private static let tailLimit = 65_536

    package let log: LogUnderAudit
    package private(set) var verification: LogVerification
    private var files: EvidenceFileCheck

    /// `held` is the path of a checkpoint with which the log must begin.
    package init(_ log: LogUnderAudit, holding held: String? = nil) throws(CommandFailure) {
        self.log = log
        try log.requireReadableLeaves()
        let signed = try log.checkpoint()
        let leaves = log.leaves(signedBy: signed.checkpoint).0
        var kept: LogVerification.Held?
        if let held {
            kept = .init(try LogUnderAudit.checkpoint(held, by: log.key).checkpoint, name: held)
        }
        verification = LogVerification(of: signed, leaves: leaves, from: log.first, holding: kept)
        files = EvidenceFileCheck(log.state)
    }

    package var isVerified: Bool { verification.isVerified }
    package var flaws: [LogFlaw] { verification.flaws }
    package var records: Int { verification.records }
    package var checkpoint: Checkpoint { verification.checkpoint }
    package var evidence: EvidenceCheck { verification.evidence }
    package var signatures: Int { evidence.signatures }

    /// Reads the log, and hands over each record that stands where it was signed.
    package mutating func run(
        on console: Console,
        _ each: (Record) -> Void = { _ in }
    ) throws(CommandFailure) {
        var lines = try log.passage()
        let size = Int(verification.checkpoint.size)
        var bar = ProgressBar(to: size - Int(log.first), on: console)
        try readSigned(&lines, each) { bar.show($0) }
        bar.end(isFull: verification.hasAllSigned)
        try readRest(&lines, console, each)
        let missing = try files.finalFlaws(in: log, console)
        verification.finish(files: missing, leaves: leafFlaw(console))
        try requireOldest()
    }

    /// The root that the log had when it had so many records; `nil` if that cannot be told.
    package func root(of size: UInt64) -> TreeHash? {
        guard size <= checkpoint.size else { return nil }
        return verification.leaves?.root(of: Int(size))
    }

    /// Accepts that retention removed records while we were reading.
    private func requireOldest() throws(CommandFailure) {
        guard !isVerified, try log.oldest() > log.first else { return }
        throw CommandFailure(
            .temporary,
            "\(log.directory.path): the agent removed its oldest records meanwhile",
            hints: ["try again"]
        )
    }

    /// Reads lines until all that is signed was found.
    private mutating func readSigned(
        _ lines: inout LogReader,
        _ each: (Record) -> Void,
        _ progress: (Int) -> Void = { _ in }
    ) throws(CommandFailure) {
        guard !verification.hasAllSigned else { return }
        try log.read(&lines) { line in
            verify(line, each)
            progress(records)
            return !verification.hasAllSigned
        }
    }

    private mutating func verify(_ line: ArraySlice<UInt8>, _ each: (Record) -> Void) {
        guard let record = verification.verify(line) else { return }
        verification.add(files.flaws(of: record))
        each(record)
    }

    /// Reads the lines behind those: a running agent signs its lines a moment later.
    private mutating func readRest(
        _ lines: inout LogReader,
        _ console: Console,
        _ each: (Record) -> Void
    ) throws(CommandFailure) {
        var goesOn = verification.hasAllSigned
        while goesOn {
            var tail: [[UInt8]] = []
            try log.read(&lines) { line in
                tail.append(Array(line))
                return tail.count < Self.tailLimit
            }
            guard !tail.isEmpty else { return }
            let isSigned = awaitSignature(over: tail, console)
            for line in tail { verify(line[...], each) }
            // Later records are left to the next verification.
            if isSigned { try readSigned(&lines, each) }
            goesOn = tail.count == Self.tailLimit
        }
    }

    /// Waits for a checkpoint that signs as many records as there are now, and goes on with that
    /// one.
    private mutating func awaitSignature(over tail: [[UInt8]], _ console: Console) -> Bool {
        let checkpoint = verification.checkpoint
        let size = checkpoint.size + UInt64(tail.count)
        guard (try? Record(parsing: tail[0]))?.sequence == checkpoint.size else { return false }
        let (log, hasLeaves) = (log, verification.leaves != nil)
        return console.wait {
            guard let newer = try? log.checkpoint() else { return false }
            let leaves = hasLeaves ? log.leaves(signedBy: newer.checkpoint).0 : nil
            guard newer.checkpoint.size >= size, hasLeaves == (leaves != nil) else { return false }
            verification.extend(to: newer, leaves: leaves)
            return true
        }
    }

    /// A flaw if there are no usable leaves; an agent that starts makes them again.
    private func leafFlaw(_ console: Console) -> LogFlaw? {
        guard verification.leaves == nil else { return nil }
        let (log, checkpoint) = (log, verification.checkpoint)
        let isMended = console.wait { log.leaves(signedBy: checkpoint).0 != nil }
        guard !isMended else { return nil }
        return log.leaves(signedBy: checkpoint).problem.map { LogFlaw(.leaves, $0) }
    }
}

// MARK: results

extension AuditPass {
    package func lines(_ console: Console) -> [String] {
        guard isVerified else {
            return flaws.map { "\(console.paint("NO", .red))  \(DisplayText.safe($0.description))" }
                + ["not verified: \(log.directory.path)"]
        }
        let signed = "\(records.counting("record")), \(signatures.counting("signature"))"
        var lines = ["verified: \(signed)"]
        if log.first > 0 {
            let since = verification.begins.map { ", the oldest is of \($0.wholeSecond)" } ?? ""
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
        let checkpoint = verification.checkpoint
        lines.append("checkpoint: \(checkpoint.size) \(checkpoint.root.base64)")
        if let held = verification.held {
            lines.append(
                "extends: the \(held.checkpoint.size) records of \(DisplayText.safe(held.name))"
            )
        }
        if log.isOwnKey {
            lines.append("note: the key is the one beside the log; compare it with yours (--key)")
        }
        return lines + ["key: \(DisplayText.safe("\(log.key)"))"]
    }

    package var json: JSONValue {
        [
            "verified": .bool(isVerified), "records": .integer(Int64(records)),
            "first": .integer(Int64(log.first)), "signatures": .integer(Int64(signatures)),
            "evidence_files": .integer(Int64(files.count)),
            "unjudged": .integer(Int64(evidence.unjudged)),
            "earlier_rules": .integer(Int64(evidence.judgedByEarlierRules)),
            "unproven": .integer(Int64(evidence.unproven)), "key": .string("\(log.key)"),
            "checkpoint": Self.json(verification.checkpoint),
            "since": verification.held.map { Self.json($0.checkpoint) } ?? .null,
            "flaws": .array(flaws.map(Self.json)),
        ]
    }

    private static func json(_ checkpoint: Checkpoint) -> JSONValue {
        [
            "origin": .string(checkpoint.origin), "size": .integer(Int64(checkpoint.size)),
            "root": .string(checkpoint.root.base64),
        ]
    }

    package static func json(_ flaw: LogFlaw) -> JSONValue {
        [
            "kind": .string(flaw.kind.rawValue),
            "record": flaw.record.map { .integer(Int64(clamping: $0)) } ?? .null,
            "text": .string(flaw.description),
        ]
    }
}
