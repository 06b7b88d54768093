package import Auditing
package import Grants
package import Transparency

/// Verifies a whole log line by line: its tree, its checkpoints, and the evidence in its records.
///
/// It reads nothing itself. It takes the lines in order, and newer checkpoints where an agent signs
/// more meanwhile; at the end it lists the flaws.
package struct LogVerification: Sendable {
    /// A checkpoint, and its signed note.
    package struct Signed: Sendable {
        package let checkpoint: Checkpoint
        package let note: String

        package init(_ checkpoint: Checkpoint, note: String) {
            self.checkpoint = checkpoint
            self.note = note
        }
    }

    /// A checkpoint that an auditor holds, with its name.
    package struct Held: Sendable {
        package let checkpoint: Checkpoint
        package let name: String

        package init(_ checkpoint: Checkpoint, name: String) {
            self.checkpoint = checkpoint
            self.name = name
        }
    }

    private static let flawLimit = 1000

    /// The checkpoint that the log is held against, with its note.
    package private(set) var signed: Signed
    package private(set) var flaws: [LogFlaw] = []
    /// The number of records that stand where they were signed.
    package private(set) var records = 0
    /// The time at which the oldest of them was made.
    package private(set) var begins: Moment?
    package private(set) var evidence: EvidenceCheck
    /// The records that an auditor holds, with which today's log must begin.
    package let held: Held?
    /// The leaves that are under the checkpoint; `nil` if they are of no use.
    package private(set) var leaves: MerkleLeaves?
    /// Checkpoints that were signed earlier in the pass, oldest first.
    private var before: [Checkpoint] = []
    private var verifier: LogVerifier

    /// `first` is the number of the oldest record that was not pruned.
    package init(of signed: Signed, leaves: MerkleLeaves?, from first: UInt64, holding held: Held?)
    {
        self.signed = signed
        self.leaves = leaves
        self.held = held
        evidence = EvidenceCheck(isWhole: first == 0)
        verifier = LogVerifier(
            signed: signed.checkpoint.size,
            leaves: leaves?.hashes,
            from: first,
            watching: [signed.checkpoint.size, held?.checkpoint.size ?? 0]
        )
    }

    package var checkpoint: Checkpoint { signed.checkpoint }
    package var isVerified: Bool { flaws.isEmpty }
    /// True if everything that is signed was found, and nothing follows it so far.
    package var hasAllSigned: Bool { verifier.hasAllSigned }

    /// Verifies the next line, without its line feed.
    ///
    /// - Returns: its record, if the files beside the log must be compared with it (`add`).
    package mutating func verify(_ line: ArraySlice<UInt8>) -> Record? {
        guard let record = verifier.take(line) else { return nil }
        records += 1
        begins = begins ?? record.stamp.realtime
        // A log that is wrong all over is not read to the end of its evidence.
        guard flaws.count < Self.flawLimit else { return nil }
        flaws += evidence.flaws(of: record)
        return record
    }

    /// Adds the flaws found beside the log in what a record carries.
    package mutating func add(_ found: [LogFlaw]) { flaws += found }

    /// Goes on under a newer checkpoint, which an agent has made meanwhile.
    package mutating func extend(to newer: Signed, leaves: MerkleLeaves?) {
        before.append(checkpoint)
        (signed, self.leaves) = (newer, leaves)
        verifier.extend(to: newer.checkpoint.size, leaves: leaves?.hashes)
    }

    /// Ends the pass: all lines were verified.
    ///
    /// `files` are flaws that remain beside the log, `leaves` is the reason that its leaves are of
    /// no use.
    package mutating func finish(
        files: [LogFlaw],
        leaves: LogFlaw?
    ) {
        verifier.finish()
        flaws += evidence.missing
        // Faults that follow from a record that was changed are no news.
        if !verifier.flaws.isEmpty { flaws.removeAll { $0.kind == .unaccepted } }
        flaws =
            (leaves.map { [$0] } ?? []) + verifier.flaws
            + (flaws + files).sorted(by: LogFlaw.isBefore)
        compareRoots()
    }

    private func root(of size: UInt64) -> TreeHash? {
        guard let leaves else { return verifier.roots[size] }
        return size <= leaves.hashes.count ? leaves.root(of: Int(size)) : nil
    }

    private mutating func compareRoots() {
        // Without its beginning and without leaves nothing of it can be told.
        for signed in before + [checkpoint] where root(of: signed.size) != signed.root {
            flaws.append(LogFlaw(.root, "the records do not add up to what the checkpoint signs"))
        }
        guard let held else { return }
        let (old, name) = (held.checkpoint, held.name)
        if old.size > checkpoint.size {
            let text =
                "\(name): it signs \(old.size.counting("record")), and the log has \(checkpoint.size)"
            flaws.append(LogFlaw(.forked, at: checkpoint.size, text))
        } else if root(of: old.size) != old.root {
            let text = "\(name): the first \(old.size) records are not those that it signs"
            flaws.append(LogFlaw(.forked, text))
        }
    }
}
