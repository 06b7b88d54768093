import NIOCore

/// The moment at which a connection is closed, unless it gets on.
///
/// The event loop's timer is moved by letting it ring and look again: to cancel one costs a walk through
/// those of all connections.
final class ConnectionDeadline {
    private var channel: (any Channel)?
    private var limit: NIODeadline?
    private var alarm: NIODeadline?

    init(_ channel: any Channel) {
        self.channel = channel
    }

    /// Closes the connection after a time from now, instead of what was set before.
    func set(_ time: TimeAmount) {
        let limit = NIODeadline.now() + time
        self.limit = limit
        arm(limit)
    }

    /// Lets the connection wait.
    func clear() { limit = nil }

    /// Forgets a connection that is closed.
    func end() {
        channel = nil
        limit = nil
    }

    private func arm(_ limit: NIODeadline) {
        guard let channel, alarm.map({ limit < $0 }) ?? true else { return }
        alarm = limit
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        channel.eventLoop.scheduleTask(deadline: limit) { bound.value.ring(limit) }
    }

    private func ring(_ rung: NIODeadline) {
        guard alarm == rung else { return }
        alarm = nil
        guard let limit else { return }
        if limit <= .now() { channel?.close(promise: nil) } else { arm(limit) }
    }
}
