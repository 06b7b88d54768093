import Auditing
import Foundation
import Grants
import Recording
import TestSupport
import Transparency

/// A log in a directory of its own, and grants to record.
final class LogBench {
    static let start = Moment(microseconds: 1_796_126_400_000_000)
    static let ever = RotationRule(size: 1 << 40, age: .seconds(1 << 40), retention: nil)

    let folder: TemporaryDirectory
    let directory: LogDirectory
    let state: StateDirectory
    /// The number of recorded grants, each by three records.
    private(set) var grants = 0

    init() throws {
        folder = try TemporaryDirectory(in: "/tmp")
        directory = LogDirectory(folder.path + "/log")
        state = StateDirectory(folder.path + "/state")
        for path in [directory.path, state.path] {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: false
            )
        }
    }

    func open(_ rotation: RotationRule = ever) throws -> AuditLog {
        let origin = AuditKey.origin(hostname: "web-1", machineID: "3f0c")
        let places = LogPlaces(log: directory.path, state: state.path, origin: origin)
        return try AuditLog.opening(places, rotation: rotation)
    }

    /// Removes what spares a start reading all records.
    func removeSnapshots() throws {
        for path in state.snapshots where FileManager.default.fileExists(atPath: path) {
            try remove(path)
        }
    }

    static func id(_ number: Int) -> GrantID { GrantID(value: UInt128(number) << 64 | 0xABC) }

    /// The records of one grant from its acceptance to its end; an hour passes.
    func entries() -> [AuditEntry] {
        let text = "{\"grant\": \(grants)}\n\tsigned by dana\n"
        let digest = EvidenceFile.digest(of: Array(text.utf8))
        let fields: [AuditField: [String]] = [
            .grant: [Self.id(grants).description], .digest: [digest], .requestor: ["dana"],
        ]
        grants += 1
        let evidence: [AuditField: [String]] = [
            .evidence: [text], .allowedSigners: ["dana ssh-ed25519 AAAA", "ops ssh-ed25519 BBBB"],
        ]
        return [
            AuditEntry(
                .grantAccepted,
                "Accepted",
                fields: fields.merging(evidence) { old, _ in old }
            ),
            AuditEntry(
                .grantOpened,
                "Opened",
                fields: fields.merging([.deadline: ["2026-12-01T12:00:00Z"]]) { old, _ in old }
            ),
            AuditEntry(
                .grantClosed,
                "Closed",
                fields: fields.merging([.reason: ["expired"]]) { old, _ in old }
            ),
        ]
    }

    static func record(_ sequence: UInt64, _ entry: AuditEntry) -> Record {
        let stamp = RecordStamp(
            realtime: start + .seconds(1200 * Int64(sequence)),
            boot: 1_200_000_000 * Int64(sequence),
            bootID: String(repeating: "a", count: 32),
            machineID: String(repeating: "b", count: 32),
            hostname: "web-1"
        )
        return Record(sequence: sequence, stamp: stamp, entry: entry)
    }

    /// Appends the records of `count` grants, one grant a commit.
    func append(_ count: Int, to log: inout AuditLog) throws {
        for _ in 0..<count {
            let next = log.logState.nextSequence
            try log.append(entries().enumerated().map { Self.record(next + UInt64($0), $1) })
        }
    }

    // MARK: what is known

    /// All that a log state knows of the grants that were recorded.
    struct Known: Equatable {
        let nextSequence: UInt64
        let live: [GrantID: GrantState]
        let mode: String?
        let policy: RecordedPolicyState?
        let clock: TimeLowerBound
        let recentEndings: [EndedGrant]
        let ended: [Int: GrantState]
    }

    func known(_ log: borrowing AuditLog) -> Known {
        let logState = log.logState
        return Known(
            nextSequence: logState.nextSequence,
            live: logState.grantStates,
            mode: logState.mode,
            policy: logState.policy,
            clock: logState.clock,
            recentEndings: logState.recentEndings.all,
            ended: Dictionary(
                uniqueKeysWithValues: (0..<grants).compactMap { number in
                    logState[Self.id(number)].map { (number, $0) }
                }
            )
        )
    }

    // MARK: files

    func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    func text(_ path: String) throws -> String { String(decoding: try bytes(path), as: UTF8.self) }

    func write(_ bytes: [UInt8], to path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    func remove(_ path: String) throws {
        try FileManager.default.removeItem(atPath: path)
    }

    /// Every file of the log, oldest first.
    var files: [String] {
        get throws { try directory.segments().map(\.path) + [directory.current] }
    }

    /// Has Go check that the files are what the checkpoint signs; answers what it says.
    func witness() throws -> String {
        let key = try text(directory.publicKey).trimmingCharacters(in: .newlines)
        let contents = try files.map(text).joined()
        let checkpoint = try text(directory.checkpoint)
        let result = try GoVerifier().run(["log", key], [checkpoint, contents])
        return result.text + result.errors
    }
}
