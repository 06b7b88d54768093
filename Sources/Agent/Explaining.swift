import Admission
import Configuration
import Control
import Grants
import Scheduling

/// What a packet would meet, told from what the kernel was given.
extension Gatekeeper {
    func explain(source: String, port: String) throws(ControlFault) -> Explanation {
        guard let source = try? Prefix(parsing: source) else { throw .invalidParameter("source") }
        guard let port = try? Port(parsing: port) else { throw .invalidParameter("port") }
        let policy = rulebook.configuration.policy
        let mode = policy.mode.rawValue
        if source.isLoopback { return Explanation(mode: mode, rule: .loopback) }
        guard policy.ports[port] != nil else { return Explanation(mode: mode, rule: .unprotected) }
        if let network = policy.trusted.first(where: { $0.contains(source) }) {
            return Explanation(mode: mode, rule: .trusted, network: network.description)
        }
        let now = read()
        let held = timetable.desired.filter { opening, deadline in
            opening.port == port && opening.source.contains(source) && deadline > now
        }
        // The one that lasts longest says when access ends.
        guard let (opening, deadline) = held.max(by: { $0.value < $1.value }) else {
            return Explanation(mode: mode, rule: policy.mode == .enforce ? .denied : .observe)
        }
        let holders = held.keys.flatMap { timetable.holders(of: $0) }
        return Explanation(
            mode: mode,
            rule: .grant,
            network: opening.source.description,
            grants: Set(holders).sorted().map(\.description),
            until: deadline.description
        )
    }

    func inspect() -> Inspection {
        Inspection(rung: "owned", chains: nil)
    }
}

extension Prefix {
    /// What only this host itself can send from.
    fileprivate var isLoopback: Bool {
        ["127.0.0.0/8", "::1/128"].contains { text in
            (try? Prefix(parsing: text))?.contains(self) ?? false
        }
    }
}
