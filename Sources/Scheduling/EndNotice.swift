package import Grants

/// The warning to people before their access ends; nothing in it is from a grant's author.
package struct EndNotice: Hashable, Sendable {
    package let port: Port
    package let deadline: Moment
    package let id: GrantID

    package init(port: Port, deadline: Moment, id: GrantID) {
        self.port = port
        self.deadline = deadline
        self.id = id
    }

    /// Two lines, to be shown as wall(1) shows its own.
    package func lines(at now: Moment) -> [String] {
        let time = deadline.description.drop { $0 != "T" }.dropFirst().prefix(8)
        return [
            "*** jitgate: your access to \(port) ends in \(left(at: now)), at \(time) UTC. ***",
            "*** To stay: jitgate extend \(id) --for 1h ***",
        ]
    }

    /// The time left in whole seconds, in words.
    private func left(at now: Moment) -> String {
        let seconds = max(0, ((deadline - now).microseconds + 999_999) / 1_000_000)
        let parts = [
            (seconds / 3600, "hour"), (seconds / 60 % 60, "minute"), (seconds % 60, "second"),
        ]
        let text = parts.filter { $0.0 > 0 }.map { $0.0.counting($0.1) }
        return text.isEmpty ? "0 seconds" : text.joined(separator: " ")
    }
}
