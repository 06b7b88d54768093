import SystemPackage

/// A descriptor that can be read once it has ended, by which requests of libcurl end.
final class StopPipe: Sendable {
    private let reading: FileDescriptor
    private let writing: FileDescriptor

    init() throws(HubFailure) {
        do {
            (reading, writing) = try FileDescriptor.pipe()
        } catch {
            throw HubFailure(.system, "no pipe can be made: \(error)")
        }
    }

    deinit {
        try? reading.close()
        try? writing.close()
    }

    var descriptor: Int32 { reading.rawValue }

    /// Ends it; a byte, since libcurl does not notice that the other end is closed.
    func end() { _ = try? writing.writeAll([0]) }
}
