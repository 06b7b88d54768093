package import Grants

/// Conditions of the gate in the kernel, of the ports that it protects, and of other firewalls.
package enum GateConditions {
    /// The kernel did not take a change of the gate.
    package static func changeRefused(because reason: String) -> Condition {
        Condition(
            .changeRefused,
            ownTable,
            "the kernel refused a change: \(reason)",
            mend: "journalctl -u jitgated; the agent tries again every 5 s"
        )
    }

    /// The agent does not hear of changes that others make to the gate.
    package static func tableUnwatched(because reason: String) -> Condition {
        Condition(
            .tableUnwatched,
            ownTable,
            "changes of the gate by others go unnoticed: \(reason)",
            mend: "systemctl restart jitgated"
        )
    }

    /// The kernel lets other tools change the gate.
    package static func tableNotOwned(_ ownership: String) -> Condition {
        Condition(
            .tableNotOwned,
            ownTable,
            "the table is \(ownership): other tools can change it, and strangers get in for the "
                + "milliseconds until it is put back",
            mend: "Linux 6.9 or later lets the agent own it"
        )
    }

    /// This kernel cannot let the agent own the gate; no agent answers.
    package static func tableNotOwned(byLinux release: String) -> Condition {
        Condition(
            .tableNotOwned,
            ownTable,
            "Linux \(release) cannot keep other tools off the table: it is put back",
            mend: "Linux 6.9 or later can"
        )
    }

    /// No agent says how the gate is guarded.
    package static func tableUnseen() -> Condition {
        let message = "without the agent nobody sees how the table is guarded"
        return Condition(.tableUnseen, ownTable, message, mend: nil)
    }

    private static let ownTable = "table inet jitgate"

    // MARK: ports

    /// A service that gives access to the host listens, and no policy covers its port.
    package static func portUncovered(_ port: Port, _ listener: String, _ policy: String)
        -> Condition
    {
        let table = "[[port]] number = \(port.number), protocol = \"\(port.transport.rawValue)\""
        return Condition(
            .portUncovered,
            port.description,
            "\(listener) and no policy covers it",
            mend: "add \(table) to \(policy), then jitgate try"
        )
    }

    /// Unknown programs listen at ports that no policy covers.
    package static func listenersUncovered(
        _ listeners: [(port: Port, program: String)]
    ) -> Condition {
        let text = listeners.map { "\($0.port) (\($0.program))" }.listed(atMost: 20)
        return Condition(
            .listenersUncovered,
            listeners.map(\.port.description).listed(atMost: 20),
            "\(text): these listen, too, and no policy covers them",
            mend: "cover those by which people get in"
        )
    }

    /// Nothing on this host listens at ports that the policy protects.
    package static func portsSilent(_ ports: [Port]) -> Condition {
        let names = ports.map(\.description).joined(separator: ", ")
        let message = "nothing on this host itself listens on \(names), which the policy protects"
        return Condition(.portsSilent, names, message, mend: nil)
    }

    /// The kernel does not say which programs listen.
    package static func listenersUnseen(because reason: String) -> Condition {
        Condition(.listenersUnseen, "ports", "what listens cannot be seen: \(reason)", mend: nil)
    }
}
