/// How much of a disk records may take that strangers cause; those of grants may take all of it.
package struct StrangersRoom: Hashable, Sendable {
    package enum Extent: Hashable, Sendable {
        /// As much as their allowance says.
        case allowance
        /// Less is free than is to be kept: a summary an hour.
        case reserve
        /// Less than half of that: nothing.
        case none
    }

    package let extent: Extent
    /// What may be written until there is less.
    package private(set) var bytes: UInt64

    /// None, whatever the disk has.
    package static let none = StrangersRoom(free: 0, of: 20, keeping: 1)

    /// `kept` is what policy wants to be free, and of a small disk a twentieth at most.
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

    /// Takes room for a record, if there is any.
    package mutating func take(_ size: Int) -> Bool {
        guard bytes >= UInt64(clamping: size) else { return false }
        bytes -= UInt64(clamping: size)
        return true
    }
}
