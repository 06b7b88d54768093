import CNetfilter

/// Memory that messages are written into one behind the other, kept from batch to batch.
///
/// libnftnl writes unchecked, so each message is begun with more room behind it than it can need.
/// libmnl leaves padding as it was, so what lies behind `count` is kept zero.
@safe struct MessageBuffer: ~Copyable {
    private var memory: UnsafeMutableRawPointer
    private var capacity: Int
    private(set) var count = 0

    /// The longest message is a list of elements, a nest of at most 64 KiB.
    private static let room = 72 * 1024
    /// The room that is kept; what a larger batch needed is given back after it.
    private static let keptCapacity = 4 * room

    init() {
        capacity = Self.room
        unsafe memory = Self.zeroed(capacity)
    }

    private static func zeroed(_ size: Int) -> UnsafeMutableRawPointer {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        return unsafe memory
    }

    deinit {
        unsafe memory.deallocate()
    }

    var bytes: [UInt8] { unsafe [UInt8](UnsafeRawBufferPointer(start: memory, count: count)) }

    mutating func clear() {
        if capacity > Self.keptCapacity {
            move(to: Self.keptCapacity, keeping: 0)
        } else {
            unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: count)
        }
        count = 0
    }

    /// Lets `build` write one message behind the others; it returns how long it became.
    @unsafe mutating func append(_ build: (UnsafeMutablePointer<CChar>) -> UInt32) {
        if capacity - count < Self.room {
            move(to: 2 * capacity + Self.room, keeping: count)
        }
        let start = unsafe (memory + count).bindMemory(to: CChar.self, capacity: Self.room)
        let length = unsafe build(start)
        count += (Int(length) + 3) & ~3
    }

    /// Sets flags in the header of the message that begins at `offset`.
    func raise(_ flags: UInt16, at offset: Int) {
        let header = unsafe (memory + offset).assumingMemoryBound(to: nlmsghdr.self)
        unsafe header.pointee.nlmsg_flags |= flags
    }

    func withBytes<Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        try unsafe body(UnsafeRawBufferPointer(start: memory, count: count))
    }

    private mutating func move(to size: Int, keeping kept: Int) {
        let new = unsafe Self.zeroed(size)
        unsafe new.copyMemory(from: memory, byteCount: kept)
        unsafe memory.deallocate()
        unsafe memory = new
        capacity = size
    }
}
