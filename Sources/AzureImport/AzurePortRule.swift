import Grants

/// The rule of an Azure policy for one port of a machine (JitNetworkAccessPortRule, 2020-01-01).
struct AzurePortRule: Hashable {
    /// `*` stands for both protocols.
    let ports: [Port]
    let maxDuration: Duration
    /// Empty for everyone.
    let sources: [Prefix]
    /// True if it names everyone of IPv4 or of IPv6 alone, which a policy cannot.
    let isOneFamily: Bool

    init(_ node: AzureNode) throws(AzureError) {
        ports = try Self.ports(node)
        let duration = try node.required("maxRequestAccessDuration")
        guard let length = AzureDuration.parse(try duration.text()) else {
            throw duration.error("this is no ISO 8601 duration of whole units such as PT3H")
        }
        guard (Duration.seconds(1)...(.seconds(86_400))).contains(length) else {
            throw duration.error("a policy allows 1 second to 24 hours")
        }
        maxDuration = length
        (sources, isOneFamily) = try Self.sources(node)
    }

    private static func ports(_ node: AzureNode) throws(AzureError) -> [Port] {
        let field = try node.required("number")
        let number = UInt16(exactly: try field.number()) ?? 0
        let word = try node.required("protocol")
        let transports: [Transport]
        switch try word.text().uppercased() {
        case "TCP": transports = [.tcp]
        case "UDP": transports = [.udp]
        case "*", "ALL": transports = [.tcp, .udp]
        default: throw word.error("this must be TCP, UDP or *")
        }
        let ports = transports.compactMap { Port(number: number, transport: $0) }
        guard !ports.isEmpty else { throw field.error("this must be 1 to 65535") }
        return ports
    }

    private static func sources(_ node: AzureNode) throws(AzureError) -> ([Prefix], Bool) {
        let one = try node.member("allowedSourceAddressPrefix")
        var many = try node.member("allowedSourceAddressPrefixes")
        // PowerShell writes an empty list beside the one prefix that counts.
        if one != nil, let list = many, list.isArray, try list.items().isEmpty { many = nil }
        if let one, many != nil {
            throw one.error("this and allowedSourceAddressPrefixes exclude each other")
        }
        // PowerShell's own examples put an array into the singular.
        guard let field = one ?? many else { return ([], false) }
        let names = try field.isArray ? field.items() : [field]
        var prefixes: [Prefix] = []
        var everyone = Set<String>()
        for name in names {
            let text = try name.text()
            if ["*", "0.0.0.0/0", "::/0"].contains(text) {
                everyone.insert(text)
                continue
            }
            do throws(TextError) {
                prefixes.append(try Prefix(parsing: text))
            } catch {
                throw name.error("\(error); service tags have no meaning outside of Azure")
            }
        }
        guard everyone.isEmpty else { return ([], everyone.count == 1 && !everyone.contains("*")) }
        return (Array(Set(prefixes)).sorted { $0.description < $1.description }, false)
    }
}

/// The durations of ISO 8601 as Azure writes them: `PT3H`, `P1D`, `PT1H30M`.
enum AzureDuration {
    /// `nil` for what is malformed, not of whole units, or in units without a fixed length.
    static func parse(_ text: String) -> Duration? {
        guard text.first == "P" else { return nil }
        let halves = text.dropFirst().split(
            separator: "T",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard let date = halves.first.flatMap({ seconds($0, [("W", 604_800), ("D", 86_400)]) })
        else { return nil }
        guard halves.count == 2 else { return halves[0].isEmpty ? nil : .seconds(date) }
        guard !halves[1].isEmpty,
            let time = seconds(halves[1], [("H", 3600), ("M", 60), ("S", 1)])
        else { return nil }
        return .seconds(date + time)
    }

    private static func seconds(_ text: Substring, _ units: [(Character, Int64)]) -> Int64? {
        var left = units[...]
        var digits = ""
        var sum: Int64 = 0
        for character in text {
            if ("0"..."9").contains(character) {
                digits.append(character)
                continue
            }
            guard digits.count <= 9, let count = Int64(digits),
                let unit = left.firstIndex(where: { $0.0 == character })
            else { return nil }
            sum += count * left[unit].1
            left = left[(unit + 1)...]
            digits = ""
        }
        return digits.isEmpty ? sum : nil
    }
}
