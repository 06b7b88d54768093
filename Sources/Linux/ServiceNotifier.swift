package import SystemPackage

/// Tells the service manager how the agent does: the datagrams of sd_notify(3).
///
/// A service manager that does not listen, or no longer, is no error of the agent's: what cannot be
/// sent is lost.
package final class ServiceNotifier: Sendable {
    /// One line of news.
    package enum Message: Hashable, Sendable {
        /// The agent does its work.
        case ready
        /// For people; systemctl status shows it.
        case status(String)
        /// The agent loads its policy, since a point of CLOCK_MONOTONIC; `ready` says that it has.
        case reloading(monotonicMicroseconds: Int64)
        case stopping
        /// The engine's queue still runs what it is given.
        case watchdog
    }

    private let sender: DatagramSender?

    /// A notifier that speaks to `socket`, a path or an `@` name; to nobody if that is `nil`.
    package init(_ socket: String?) throws(Errno) {
        guard let socket else {
            sender = nil
            return
        }
        sender = try DatagramSender(to: socket)
    }

    /// Sends messages in one datagram, so that they are seen together.
    package func send(_ messages: Message...) {
        send(messages.map(\.line), with: nil)
    }

    /// Gives the service manager a descriptor to keep for the next agent; ours stays open.
    ///
    /// `name` comes back in `PassedDescriptors`: letters, digits and hyphens.
    package func store(_ descriptor: Int32, as name: String) {
        send(["FDSTORE=1", "FDNAME=\(name)"], with: descriptor)
    }

    /// Lets the service manager close what it keeps under `name`.
    package func discard(_ name: String) {
        send(["FDSTOREREMOVE=1", "FDNAME=\(name)"], with: nil)
    }

    private func send(_ lines: [String], with descriptor: Int32?) {
        try? sender?.send(Array(lines.joined(separator: "\n").utf8), with: descriptor)
    }
}

extension ServiceNotifier.Message {
    /// The assignments of sd_notify(3), one a line.
    fileprivate var line: String {
        switch self {
        case .ready: "READY=1"
        case .status(let text): "STATUS=" + text.filter { !$0.isNewline }
        case .reloading(let moment): "RELOADING=1\nMONOTONIC_USEC=\(moment)"
        case .stopping: "STOPPING=1"
        case .watchdog: "WATCHDOG=1"
        }
    }
}
