package import Grants

/// A source as it is named on the command line: a network, or `my` own address.
package enum SourceArgument: Hashable, Sendable {
    case my
    case network(Prefix)

    package init(parsing text: String) throws(TextError) {
        self = text == "my" ? .my : .network(try Prefix(parsing: text))
    }

    /// `my` is the address of this SSH session (SSH_CONNECTION of ssh(1)), and is printed.
    package func prefix(_ console: Console) throws(CommandFailure) -> Prefix {
        switch self {
        case .network(let prefix): return prefix
        case .my:
            let origin = try SessionOrigin(console)
            console.note("jitgate: --source my: \(origin.prefix), \(origin.explanation)")
            if let advice = origin.advice { console.note("jitgate: \(advice)") }
            return origin.prefix
        }
    }
}

/// The address that an SSH session comes from.
package struct SessionOrigin: Hashable {
    package let prefix: Prefix
    /// The address as the variable has it.
    private let text: String

    package init(_ console: Console) throws(CommandFailure) {
        guard let word = console.variable("SSH_CONNECTION")?.split(separator: " ").first else {
            throw Self.failure("SSH_CONNECTION is not set, so this is no SSH session", console)
        }
        text = String(word)
        do throws(TextError) {
            prefix = try Prefix(parsing: Self.address(text))
        } catch {
            throw Self.failure("SSH_CONNECTION names no address: \(error)", console)
        }
    }

    /// Without the zone, which is this machine's own, and IPv4 as the host sees it.
    private static func address(_ text: String) -> String {
        let address = String(text.prefix { $0 != "%" })
        let mapped = "::ffff:"
        guard address.lowercased().hasPrefix(mapped) else { return address }
        let rest = address.dropFirst(mapped.count)
        let words = rest.split(separator: ":").compactMap { UInt16($0, radix: 16) }
        guard words.count == 2 else { return String(rest) }
        return words.flatMap { [$0 >> 8, $0 & 0xFF] }.map(String.init).joined(separator: ".")
    }

    private static func failure(_ reason: String, _ console: Console) -> CommandFailure {
        let hint =
            console.variable("SUDO_USER") == nil
            ? "name your address or network instead"
            : "sudo leaves the variable out: run this without sudo, or name your address instead"
        return CommandFailure(.usage, "`my`: \(reason)", hints: [hint])
    }

    /// The place where the address was found.
    package var explanation: String {
        let source = "where this SSH session comes from (SSH_CONNECTION)"
        guard text != prefix.address.description else { return source }
        return "\(source), written \(DisplayText.safe(text))"
    }

    /// The reason why another host may see another address, if there is one.
    package var advice: String? { AddressAdvice.text(prefix.address) }
}

/// Advice about an address that other hosts may not see.
package enum AddressAdvice {
    /// The reason why another host may see another address, if there is one.
    package static func text(_ address: Address) -> String? {
        if Self.isWithin(address, "fe80::/10") {
            return
                "it is link-local: only hosts on the same link see it, each of them on any of their"
                + " links; a global address is better"
        }
        if Self.isWithin(address, "127.0.0.0/8", "::1/128") {
            return "it is this machine itself, as through a tunnel or a jump host: no other host"
                + " sees you come from there, so name the address that it sees"
        }
        if Self.isWithin(address, "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7") {
            return "it is private: a host beyond a router with NAT sees another one"
        }
        return nil
    }

    private static func isWithin(_ address: Address, _ networks: String...) -> Bool {
        networks.contains { (try? Prefix(parsing: $0))?.contains(address) ?? false }
    }
}
