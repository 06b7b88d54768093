import Auditing
import Grants
import Testing
import Transparency

@testable import Verifying

/// A whole log by values: no files, no console, nobody to wait for.
@Suite struct `The verification of a log` {
    private static let lines: [[UInt8]] = (0..<12).map { line($0) }
    private let key: AuditKey

    init() throws {
        key = try AuditKey(name: "jitgate/web-1/b", seed: Array(0..<32))
    }

    private static func line(_ number: Int, _ entry: AuditEntry? = nil) -> [UInt8] {
        let stamp = RecordStamp(
            realtime: Moment(microseconds: 1_796_126_400_000_000 + Int64(number)),
            boot: Int64(number),
            bootID: String(repeating: "a", count: 32),
            machineID: String(repeating: "b", count: 32),
            hostname: "web-1"
        )
        let entry = entry ?? AuditEntry(.agentStopped, "Stops")
        return Record(sequence: UInt64(number), stamp: stamp, entry: entry).line.dropLast()
    }

    private func signed(_ lines: some Collection<[UInt8]>) throws -> LogVerification.Signed {
        var tree = MerkleTree()
        for line in lines { tree.append(.leaf(line)) }
        let note = try key.checkpoint(over: tree)
        let checkpoint = try Checkpoint(parsing: Array(note.utf8), signedBy: key.publicKey)
        return LogVerification.Signed(checkpoint, note: note)
    }

    private func leaves(_ lines: some Collection<[UInt8]>) -> MerkleLeaves {
        MerkleLeaves(lines.map { TreeHash.leaf($0) })
    }

    @Test(arguments: [true, false])
    func `finds nothing in what was signed, and extends what an auditor holds`(
        hasLeaves: Bool
    ) throws {
        var log = LogVerification(
            of: try signed(Self.lines),
            leaves: hasLeaves ? leaves(Self.lines) : nil,
            from: 0,
            holding: .init(try signed(Self.lines.prefix(5)).checkpoint, name: "old")
        )
        for line in Self.lines { #expect(log.verify(line[...]) != nil) }
        #expect(log.hasAllSigned)
        log.finish(files: [], leaves: nil)
        #expect(log.isVerified && log.records == 12)
        #expect(log.begins == Moment(microseconds: 1_796_126_400_000_000))
    }

    @Test func `goes on under a checkpoint that is signed meanwhile`() throws {
        let early = Self.lines.prefix(5)
        var log = LogVerification(
            of: try signed(early),
            leaves: leaves(early),
            from: 0,
            holding: nil
        )
        for line in early { _ = log.verify(line[...]) }
        log.extend(to: try signed(Self.lines), leaves: leaves(Self.lines))
        #expect(!log.hasAllSigned)
        for line in Self.lines.dropFirst(5) { _ = log.verify(line[...]) }
        log.finish(files: [], leaves: nil)
        #expect(log.isVerified && log.checkpoint.size == 12)
    }

    @Test func `tells another history from the one that an auditor holds`() throws {
        let other = [Self.line(0, AuditEntry(.agentStopped, "Other"))] + Self.lines[1..<5]
        for (held, name) in [(other, "other"), (Self.lines + Self.lines, "longer")] {
            var log = LogVerification(
                of: try signed(Self.lines),
                leaves: leaves(Self.lines),
                from: 0,
                holding: .init(try signed(held).checkpoint, name: name)
            )
            for line in Self.lines { _ = log.verify(line[...]) }
            log.finish(files: [], leaves: nil)
            #expect(log.flaws.map(\.kind) == [.forked])
            #expect(log.flaws.first?.description.hasPrefix(name) == true)
        }
    }

    @Test func `finds records without their evidence, and adds what lies beside the log`() throws {
        let fields: [AuditField: [String]] = [.grant: ["0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11"]]
        let lines =
            Self.lines.prefix(2)
            + [
                Self.line(2, AuditEntry(.grantAccepted, "Accepted", fields: fields)),
                Self.line(3, AuditEntry(.grantOpened, "Opened", fields: fields)),
            ]
        var log = LogVerification(
            of: try signed(lines),
            leaves: leaves(lines),
            from: 0,
            holding: nil
        )
        for line in lines { _ = log.verify(line[...]) }
        log.add([LogFlaw(.evidence, at: 1, "beside")])
        log.finish(files: [LogFlaw(.evidence, at: 3, "late")], leaves: LogFlaw(.leaves, "torn"))
        #expect(log.flaws.map(\.kind) == [.leaves, .evidence, .evidence, .evidence])
        #expect(log.flaws.map(\.record) == [nil, 1, 2, 3])
    }
}
