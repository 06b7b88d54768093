import Auditing
import Foundation
import Grants
import Linux
import Recording
import TestSupport
import Transparency

/// The log that an earlier agent left on a host, three days ago and in another boot if nothing else is
/// said.
struct EarlierLog: ~Copyable {
    private var log: AuditLog
    private let age: Int64
    private let bootID: String
    /// CLOCK_BOOTTIME then, in microseconds.
    private let boot: Int64

    init(
        of host: AgentHost,
        before seconds: Int64 = 3 * 86_400,
        inThisBoot isThisBoot: Bool = false
    ) throws {
        let thisBoot = try HostFacts.read().bootID
        let places = LogPlaces(
            log: host.auditDirectory,
            state: host.path + "/state",
            origin: AuditKey.origin(hostname: "web-1", machineID: "")
        )
        let rule = RotationRule(size: 1 << 40, age: .seconds(1 << 40), retention: nil)
        log = try AuditLog.opening(places, rotation: rule)
        age = seconds
        bootID = isThisBoot ? thisBoot : String(repeating: "a", count: 32)
        boot = isThisBoot ? ClockReading.now().bootMicroseconds - seconds * 1_000_000 : 1
    }

    /// Appends records in one commit.
    mutating func append(_ entries: [AuditEntry]) throws {
        let now = Int64(Date().timeIntervalSince1970)
        let stamp = RecordStamp(
            realtime: Moment(microseconds: (now - age) * 1_000_000),
            boot: boot,
            bootID: bootID,
            machineID: "",
            hostname: "web-1"
        )
        let next = log.logState.nextSequence
        try log.append(
            entries.enumerated().map {
                Record(sequence: next + UInt64($0), stamp: stamp, entry: $1)
            }
        )
    }

    /// Goes on in a new file.
    mutating func rotate() throws { try log.rotate() }

    /// Saves what its agent knew at its end.
    mutating func save() { log.save() }
}
