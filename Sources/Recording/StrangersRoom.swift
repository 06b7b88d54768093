/// The disk space for records that strangers cause; records of grants may use all of it.
package struct StrangersRoom: Hashable, Sendable {
    package enum Extent: Hashable, Sendable {
        /// The whole allowance.
        case allowance
        /// Less is free than the reserve: one summary an hour.
        case reserve
        /// Less is free than half of the reserve: no record.
        case none
    }

    package let extent: Extent
    /// The bytes that may be written before the extent shrinks.
    package private(set) var bytes: UInt64

    /// No room, whatever the disk has.
    package static let none = StrangersRoom(free: 0, of: 20, keeping: 1)

    /// Makes the room; `kept` is the reserve that policy demands, at most a twentieth of a small
    /// disk.
    package init(free: UInt64, of total: UInt64, keeping kept: Int64) {
        let kept = min(UInt64(clamping: kept), total / 20)
        if free > kept {
            (extent, bytes) = (.allowance, free - kept)
        } else if free > kept / 2 {
            (extent, bytes) = (.reserve, free - kept / 2)
        } else {
            (extent, bytes) = (.none, 0)
        }
    }

    /// Takes room for a record; `false` if there is too little.
    package mutating func take(_ size: Int) -> Bool {
        guard bytes >= UInt64(clamping: size) else { return false }
        bytes -= UInt64(clamping: size)
        return true
    }
}
