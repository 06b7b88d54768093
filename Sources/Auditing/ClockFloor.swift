package import Grants

/// The latest time that the records have seen; time cannot be before it.
package struct ClockFloor: Hashable, Sendable {
    /// The latest moment reached, up to the last record.
    package private(set) var moment: Moment?
    /// The CLOCK_BOOTTIME at that last record, and the boot that it counts from.
    package private(set) var boot: Int64 = 0
    package private(set) var bootID = ""

    package init() {}

    init(moment: Moment?, boot: Int64, bootID: String) {
        self.moment = moment
        self.boot = boot
        self.bootID = bootID
    }

    /// Adds the next record.
    package mutating func take(_ stamp: RecordStamp) {
        // The clock of another boot began at 0 after all that was recorded before.
        let passed = stamp.bootID == bootID ? stamp.boot &- boot : stamp.boot
        let reached = moment.map { $0 + .microseconds(passed) }
        moment = reached.map { max($0, stamp.realtime) } ?? stamp.realtime
        boot = stamp.boot
        bootID = stamp.bootID
    }
}
