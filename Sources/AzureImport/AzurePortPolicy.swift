import Grants
package import StrictJSON
import StrictTOML

/// The reason that no machine of an Azure document can be chosen, or that the chosen one has no
/// policy.
package struct AzureSelectionError: Error, Hashable, CustomStringConvertible {
    package let description: String
}

/// One machine's rules of an Azure document, as a policy for its host.
package struct AzurePortPolicy {
    /// The protected ports and their rules: as much of a policy as Azure knows.
    struct PortPolicy: Hashable, Sendable {
        let maxDuration: Duration
        let sources: [Prefix]
    }

    package let machine: String
    let ports: [Port: PortPolicy]

    /// Selects the machine called `name`, or, without one, any if all say the same.
    package init(_ document: AzureDocument, machine name: String?) throws(AzureSelectionError) {
        let names = document.machines.map(\.name).joined(separator: ", ")
        let wanted = document.machines.filter { Self.isCalled(name, $0) }
        guard let first = wanted.first else {
            throw AzureSelectionError(
                description: "no machine is called \(name ?? ""); there are \(names)"
            )
        }
        do throws(AzureError) {
            machine = first.name
            ports = try Self.ports(of: first)
            for other in wanted.dropFirst() where try Self.ports(of: other) != ports {
                throw AzureError(
                    position: .init(line: 1, column: 1),
                    field: "virtualMachines",
                    reason: "\(first.name) and \(other.name) have different rules; "
                        + "choose one with --machine: \(names)"
                )
            }
        } catch {
            throw AzureSelectionError(description: "\(error)")
        }
    }

    private static func isCalled(_ name: String?, _ machine: AzureDocument.Machine) -> Bool {
        guard let name = name?.lowercased() else { return true }
        return [machine.name.lowercased(), machine.id.lowercased()].contains(name)
    }

    private static func ports(
        of machine: AzureDocument.Machine
    ) throws(AzureError) -> [Port: PortPolicy] {
        var ports: [Port: PortPolicy] = [:]
        for (rule, node) in machine.rules {
            let policy = PortPolicy(maxDuration: rule.maxDuration, sources: rule.sources)
            for port in rule.ports where ports.updateValue(policy, forKey: port) ?? policy != policy
            {
                throw node.error("an earlier rule says otherwise of \(port)")
            }
        }
        return ports
    }

    /// In the shape and with the words of a policy file.
    package var json: JSONValue {
        [
            "mode": "observe",
            "port": .array(
                ports.sorted { $0.key < $1.key }.map { port, policy in
                    [
                        "number": .integer(Int64(port.number)),
                        "protocol": .string(port.transport.rawValue),
                        "max_duration": .string(policy.maxDuration.shortText),
                        "allowed_sources": .array(
                            policy.sources.map { .string($0.description) }
                        ),
                    ]
                }
            ),
        ]
    }

    /// A policy file that says no more than Azure did; the rest is left to our defaults.
    package var toml: String {
        """
        # From Azure's jitNetworkAccessPolicies: \(TerminalText.safe(machine))
        # It observes first. See what would be denied, then: mode = "enforce" and `jitgate try`.
        # A grant names networks of /24 (IPv4) or /56 (IPv6) at the widest; widest_source has more.

        """ + TOMLWriter(document: json).text
    }
}
