import Admission
import Grants
import StrictTOML

/// Reads the `[[port]]` tables: the protected ports, and what each changes of the defaults.
struct PortsReader {
    let file: TOMLTable

    func ports(inheriting defaults: PortRules) -> [Port: PortRules] {
        guard let sections = file.tables("port") else {
            return Dictionary(uniqueKeysWithValues: Port.management.map { ($0, defaults) })
        }
        if sections.isEmpty {
            file.refuse("port", "names no port", "leave it out to protect SSH and RDP")
        }
        var first: [Port: TOMLTable] = [:]
        return sections.reduce(into: [:]) { ports, section in
            guard let port = port(of: section) else { return }
            if let earlier = first[port] {
                refuse(section, as: port, after: earlier)
            } else {
                first[port] = section
            }
            ports[port] = RulesReader(section: section).rules(inheriting: defaults)
        }
    }

    private func port(of section: TOMLTable) -> Port? {
        section.refuseAllBut(["number", "protocol"] + RulesReader.keys)
        for key in ["number", "protocol"] where !section.has(key) {
            section.refuse(key, "is missing", "a port is a number and a protocol")
        }
        let number = section.value("number") { setting throws(TOMLValue.Refusal) in
            try setting.integer(in: 1...65_535)
        }
        let transport = section.value("protocol") { setting throws(TOMLValue.Refusal) in
            try setting.choice(of: Transport.allCases)
        }
        guard let number, let transport else { return nil }
        return Port(number: UInt16(number), transport: transport)
    }

    private func refuse(_ section: TOMLTable, as port: Port, after earlier: TOMLTable) {
        let line = section.findings.line(of: earlier.path)
        section.refuse(
            "number",
            "protects \(port), which line \(line) does already",
            "one [[port]] a port is enough"
        )
    }
}
