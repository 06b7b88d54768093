/// Replies that a peer has yet to take.
///
/// They are kept as they were made, not copied: the same bytes may wait for many peers.
struct ReplyBacklog {
    private var chunks: [[UInt8]] = []
    /// The bytes of the first one that were sent.
    private var sent = 0
    /// The bytes that wait.
    private(set) var count = 0

    mutating func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        chunks.append(bytes)
        count += bytes.count
    }

    /// The bytes to send next; empty if nothing waits.
    var next: ArraySlice<UInt8> { chunks.first?[sent...] ?? [] }

    /// Some of `next` was sent.
    mutating func advance(by count: Int) {
        sent += count
        self.count -= count
        guard let first = chunks.first, sent >= first.count else { return }
        chunks.removeFirst()
        sent = 0
    }
}
