package import SystemPackage

/// Tells the service manager the state of the agent: the datagrams of sd_notify(3).
///
/// A service manager that does not listen is no error of the agent's: messages that cannot be sent
/// are lost.
package final class ServiceNotifier: Sendable {
    /// One line of a notification.
    package enum Message: Hashable, Sendable {
        /// The agent has started or reloaded.
        case ready
        /// A text for people; systemctl status shows it.
        case status(String)
        /// The agent reloads its policy, since a point of CLOCK_MONOTONIC; `ready` ends it.
        case reloading(monotonicMicroseconds: Int64)
        case stopping
        /// The engine's queue still runs its work.
        case watchdog
    }

    private let sender: DatagramSender?

    /// Makes a notifier for `socket`, a path or an `@` name; it does nothing if that is `nil`.
    package init(_ socket: String?) throws(Errno) {
        guard let socket else {
            sender = nil
            return
        }
        sender = try DatagramSender(to: socket)
    }

    /// Sends messages in one datagram, so that they take effect together.
    package func send(_ messages: Message...) {
        send(messages.map(\.line), with: nil)
    }

    /// Gives the service manager a descriptor to keep for the next agent; ours stays open.
    ///
    /// `PassedDescriptors` will have it under `name`: letters, digits and hyphens.
    package func store(_ descriptor: Int32, as name: String) {
        send(["FDSTORE=1", "FDNAME=\(name)"], with: descriptor)
    }

    /// Has the service manager close the descriptor that it keeps under `name`.
    package func discard(_ name: String) {
        send(["FDSTOREREMOVE=1", "FDNAME=\(name)"], with: nil)
    }

    private func send(_ lines: [String], with descriptor: Int32?) {
        try? sender?.send(Array(lines.joined(separator: "\n").utf8), with: descriptor)
    }
}

extension ServiceNotifier.Message {
    /// The assignments of sd_notify(3), one on each line.
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
