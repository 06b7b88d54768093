import Auditing
import Conditions
import AgentSettings
import Grants
import Linux
import Recording
import SystemPackage

/// The disk of the log: its free space, and how long that lasts.
struct DiskCheck {
    /// Below this the log may be full within a day, or is about to be.
    private static let enough: UInt64 = 256 << 20
    private static let least: UInt64 = 16 << 20
    private static let soon: Int64 = 30

    /// Empty if the disk cannot be seen.
    let results: [CheckResult]

    init(_ configuration: Configuration) {
        // That the directory is missing is found elsewhere.
        results =
            (try? DiskRoom.read(configuration.auditDirectory))
            .map { [Self.result($0, configuration)] } ?? []
    }

    private static func result(_ room: DiskRoom, _ configuration: Configuration) -> CheckResult {
        let directory = configuration.auditDirectory
        let free = Int64(clamping: room.bytes)
        guard room.bytes >= least, room.files != 0 else {
            return .found(AuditConditions.diskNearlyFull(directory, free: free))
        }
        let kept = configuration.keepFree
        guard StrangersRoom(free: room.bytes, of: room.total, keeping: kept).extent == .allowance
        else {
            return .found(AuditConditions.keepFreeReached(directory, free: free))
        }
        guard room.bytes >= enough else {
            return .found(AuditConditions.diskLow(directory, free: free))
        }
        let growth = LogGrowth(of: configuration)
        let days = growth.days(until: room.bytes)
        let forecast = growth.forecast(days)
        guard days < soon, !growth.isPruned(within: days) else {
            return .passed(.disk, "\(free.sizeText) free for \(directory), \(forecast)")
        }
        return .found(AuditConditions.diskFilling(directory, free: free, forecast: forecast))
    }
}

/// The growth of a log: measured over a week, or the most that policy allows.
struct LogGrowth: Hashable {
    private static let day: Int64 = 86_400_000_000
    private static let week = 7 * day

    let bytesPerDay: Int64
    let isMeasured: Bool
    /// The days after which the oldest records go.
    private let retention: Int64?

    init(bytesPerDay: Int64, isMeasured: Bool, retention: Int64?) {
        self.bytesPerDay = max(1, bytesPerDay)
        self.isMeasured = isMeasured
        self.retention = retention
    }

    init(of configuration: Configuration) {
        let now = Moment(microseconds: ClockReading.now().wallMicroseconds)
        let measured = Self.measured(LogDirectory(configuration.auditDirectory), at: now)
        self.init(
            // Strangers may take their allowance, and repeated uses of grants as much again.
            bytesPerDay: measured ?? 2 * configuration.strangersPerDay,
            isMeasured: measured != nil,
            retention: configuration.retention.map { $0.components.seconds / 86_400 }
        )
    }

    /// `nil` for a log that is younger than a day, or cannot be read.
    private static func measured(_ directory: LogDirectory, at now: Moment) -> Int64? {
        guard let segments = try? directory.segments() else { return nil }
        var bytes: Int64 = 0
        var age: Int64 = 0
        for path in [directory.current] + segments.reversed().map(\.path) where age < week {
            guard let first = try? LogDirectory.firstRecord(of: path) else { continue }
            bytes += FileKind.size(path) ?? 0
            age = (now - first.stamp.realtime).microseconds
        }
        guard age >= day else { return nil }
        return Int64(Double(bytes) / (Double(age) / Double(day)))
    }

    func days(until free: UInt64) -> Int64 { Int64(clamping: free) / bytesPerDay }

    /// Returns true if the oldest records go before the disk is full.
    func isPruned(within days: Int64) -> Bool { retention.map { $0 < days } ?? false }

    func forecast(_ days: Int64) -> String {
        let rate = "\(bytesPerDay.sizeText) a day"
        guard !isPruned(within: days) else { return "\(rate), and audit.retention bounds it" }
        let time = days > 36_500 ? "more than 100 years" : Int(days).counting("day")
        return isMeasured
            ? "which \(rate), as it grew lately, fill in \(time)"
            : "which the most that policy lets strangers cause, \(rate), fills in \(time)"
    }
}
