import Dispatch

/// A connection that waits for the commits of all hubs, on a thread of its own; idle, it never wakes up.
final class PostgresListener: Sendable {
    private let url: String
    private let bounds: PostgresBounds
    private let broadcast: HintBroadcast
    private let stop = StopPipe()
    private let queue = DispatchQueue(label: "jitgate-hub.listener")

    init(_ url: String, _ bounds: PostgresBounds, _ broadcast: HintBroadcast) {
        (self.url, self.bounds, self.broadcast) = (url, bounds, broadcast)
    }

    func start() {
        queue.async { self.listen() }
    }

    func end() async {
        stop.end()
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume() }
        }
    }

    /// Listens until the end; connects again after a pause that grows while that fails.
    private func listen() {
        var pause = Self.pauses.lowerBound
        repeat {
            do {
                let connection = try PostgresConnection(url, bounds)
                try connection.execute("LISTEN \(Schema.notificationChannel)")
                pause = Self.pauses.lowerBound
                // There may have been commits while nobody listened.
                repeat {
                    broadcast.send()
                } while try connection.link.waitForNotification(orStop: stop.descriptor)
                return
            } catch {
                pause = min(pause * 2, Self.pauses.upperBound)
            }
        } while !stop.wait(milliseconds: pause)
    }

    /// Milliseconds.
    private static let pauses: ClosedRange<CInt> = 125...8000
}
