/// Reads server-sent events, as far as it takes to know that there was one, and where the stream is.
struct EventLines {
    /// The longest line in bytes; records of the log are shorter.
    private static let limit = 1 << 20

    /// The position that the stream has told last.
    private(set) var position: Int64?
    /// True once an event with data has come as a whole.
    private(set) var hasEvent = false
    /// True once the stream has begun.
    private(set) var isOpen = false
    /// True if this is no stream of events.
    private(set) var isBroken = false
    private var line: [UInt8] = []
    private var next: Int64?
    private var hasData = false

    /// Takes the next bytes of the stream.
    mutating func take(_ bytes: [UInt8]) {
        isOpen = true
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                line.append(byte)
                continue
            }
            end()
        }
        isBroken = isBroken || line.count > Self.limit
    }

    private mutating func end() {
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        defer { line = [] }
        // A blank line ends an event; one without data only says where the stream is.
        guard !line.isEmpty else {
            position = next ?? position
            hasEvent = hasEvent || hasData
            (next, hasData) = (nil, false)
            return
        }
        if line.starts(with: "data:".utf8) { hasData = true }
        guard line.starts(with: "id:".utf8) else { return }
        let text = String(decoding: line.dropFirst(3), as: UTF8.self)
        next = Int64(text.hasPrefix(" ") ? String(text.dropFirst()) : text) ?? next
    }
}
