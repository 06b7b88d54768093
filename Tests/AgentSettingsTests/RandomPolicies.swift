import Admission
import AgentSettings
import Grants
import TestSupport

/// Random policies, and damage to the text of one.
extension SeededGenerator {
    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
    mutating func flag() -> Bool { Bool.random(using: &self) }

    /// Up to four changes, of bytes that mean something to TOML more often than not.
    mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        let telling = Array("[]{}\"'=.,#\\\n\r\t 0-u\0\u{E9}".utf8) + [0xFF, 0xC3, 0xE2]
        var bytes = bytes
        for _ in 0..<number(1...4) {
            let byte = telling.randomElement(using: &self) ?? 0
            let place = number(0...bytes.count)
            switch number(0...3) {
            case 0 where place < bytes.count: bytes[place] = byte
            case 1 where place < bytes.count: bytes.remove(at: place)
            case 2: bytes.removeLast(bytes.count - place)
            default: bytes.insert(byte, at: place)
            }
        }
        return bytes
    }
}

extension SeededGenerator {
    /// Not wider than a half of the internet, and clear of the IPv4-mapped addresses.
    mutating func prefix() -> Prefix? {
        let family: Address.Family = flag() ? .ipv4 : .ipv6
        let length = number(1...family.bitCount)
        let bits = UInt128.random(in: 0...UInt128.max, using: &self) | UInt128(1) << 127
        let network = bits & Prefix.mask(length: length, family: family)
        return Prefix(address: Address(family: family, value: network), length: length)
    }

    mutating func prefixes() -> [Prefix] {
        Array(Set((0..<number(0...4)).compactMap { _ in prefix() }))
    }

    mutating func rules() -> PortRules {
        var rules = PortRules(
            maxDuration: .seconds(number(1...86_400)),
            widestIPv4: number(1...32),
            widestIPv6: number(1...128),
            allowedSources: prefixes(),
            approvals: number(1...16),
            separateRequestor: flag(),
            requireJustification: flag(),
            onExpiry: flag() ? .terminate : .drain
        )
        rules.drainLimit = .seconds(number(1...2_592_000))
        rules.approvalsFrom = (0..<number(0...3)).compactMap { _ in
            names().flatMap { try? NamePatterns([$0.texts.joined(separator: ",")]) }
        }
        rules.requireTicket = Array(Set((0..<number(0...3)).map { _ in name() })).map(
            TicketPattern.init
        )
        return rules
    }

    mutating func policy() -> Policy {
        let ports = (0..<number(1...4)).compactMap { _ in
            Port(number: UInt16(number(1...65_535)), transport: flag() ? .tcp : .udp)
        }
        var policy = Policy(
            mode: flag() ? .observe : .enforce,
            keepExisting: [.reset, .keep(for: nil), .keep(for: .seconds(number(1...2_592_000)))][
                number(0...2)
            ],
            trusted: prefixes(),
            ports: Dictionary(ports.map { ($0, rules()) }) { first, _ in first },
            maxWait: .seconds(number(1...400) * (flag() ? 1 : 86_400))
        )
        let approvers = (0..<number(0...3)).compactMap { _ in approver(of: policy) }
        policy.approvers = Array(Set(approvers))
        let pages = Set(
            (0..<number(0...4)).map { _ in "https://p\(number(0...9)).example:\(number(1...99))" }
        )
        policy.passkeys = PasskeyRules(origins: pages.sorted(), synced: flag())
        return policy
    }

    mutating func names() -> NamePatterns? {
        let names = (0..<number(1...3)).map {
            "\(flag() ? "" : "!")\($0)\(name())\(flag() ? "" : "*")"
        }
        return try? NamePatterns(["x\(number(0...99))"] + names)
    }

    mutating func approver(of policy: Policy) -> Approver? {
        guard let signers = names() else { return nil }
        var approver = Approver(signers: signers)
        approver.kinds = Approver.allKinds.filter { _ in flag() }
        // These alone can never count where no page does.
        if approver.kindNames == ["webauthn"] { approver.kinds = [] }
        approver.isAlarm = flag()
        approver.ports = policy.ports.keys.sorted().filter { _ in flag() }
        approver.requestors = flag() ? nil : names()
        let allowed = policy.ports.filter {
            approver.ports.isEmpty || approver.ports.contains($0.key)
        }
        approver.sources = flag() ? [] : allowed.values.first?.allowedSources ?? []
        approver.maxDuration = flag() ? nil : .seconds(number(1...86_400))
        approver.maxWait = flag() ? nil : .seconds(number(1...400) * (flag() ? 1 : 86_400))
        return approver
    }

    /// A path component with whatever a file name may hold.
    mutating func name() -> String {
        let letters = Array("ab.Z09 -_\"'\\#=[]é\u{200B}😀\u{301}")
        return "n"
            + String((0..<number(0...12)).compactMap { _ in letters.randomElement(using: &self) })
    }

    mutating func labels() -> [String: String] {
        let words = ["env", "role", "a.b", "0", "-", "_", "1.5", "true", "prod"]
        return Dictionary(
            (0..<number(0...4)).compactMap { _ in
                words.randomElement(using: &self).map { ($0, words[number(0...8)]) }
            }
        ) { first, _ in first }
    }

    mutating func configuration() -> Configuration {
        var configuration = Configuration.defaults
        configuration.policy = policy()
        let warnings = Set((0..<number(0...8)).map { _ in Duration.seconds(number(1...86_400)) })
        configuration.sessionWarnings = warnings.sorted(by: >)
        configuration.hostname = flag() ? nil : "web-\(number(0...9)).example.com"
        configuration.labels = labels()
        configuration.grantDirectories = ["/srv/1/\(name())", "/srv/2/\(name())"]
        configuration.allowedSigners = "/srv/3/\(name())"
        configuration.revokedKeys = flag() ? nil : "/srv/6/\(name())"
        configuration.inboxes = (0..<number(0...3)).map {
            Inbox(directory: "/srv/7/\($0)\(name())/\(name())", owner: "carrier-\(number(0...9))")
        }
        if flag() {
            let hours = configuration.inboxes.isEmpty || flag() ? nil : number(1...400)
            configuration.policy.freshness = FreshnessRule(
                fleet: "fleet-\(number(0...9))",
                maxStaleness: hours.map { .seconds($0 * 3600) }
            )
        }
        configuration.endedFiles = flag() ? .remove : .keep
        configuration.auditDirectory = "/srv/4/\(name())/\(name())"
        configuration.deniedPerSecond = number(1...1000)
        configuration.strangersPerDay = Int64(number(1...1_000_000)) << 20
        configuration.keepFree = Int64(number(1...1_000_000)) << 20
        configuration.logGroup = UInt16(number(0...65_535))
        configuration.segmentSize = Int64(number(64...1_000_000)) << 10
        configuration.segmentAge = .seconds(86_400 * number(1...3660))
        configuration.retention = flag() ? nil : .seconds(86_400 * number(1...36_600))
        configuration.stateDirectory = "/srv/5/\(name())"
        configuration.controlSocket = "/run/\(name())"
        configuration.controlGroup = "group\(number(0...9))"
        return configuration
    }
}
