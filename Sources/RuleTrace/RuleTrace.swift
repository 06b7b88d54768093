import CNetfilter
import Netlink

/// Follows a packet through the rules of one table.
struct RuleTrace {
    /// Chains that are jumped to from many places must not be followed without end.
    private static let mostSteps = 200_000

    /// An answer about a packet of which not all is known.
    private enum Answer {
        case no, maybe, yes

        init(_ isSo: Bool) { self = isSo ? .yes : .no }
        static prefix func ! (answer: Self) -> Self {
            switch answer {
            case .no: .yes
            case .maybe: .maybe
            case .yes: .no
            }
        }
    }

    private enum Verdict: Hashable {
        case goesOn, accepted, dropped, returned
    }

    /// The ends of a rule or a chain for packets that differ in what is not known of them.
    private struct Outcome {
        /// The end if nothing holds that may or may not hold.
        var usual: Verdict
        /// The chain whose rule drops, if that is the usual end.
        var dropper: String?
        var possible: Set<Verdict>

        init(_ verdict: Verdict, dropper: String? = nil) {
            (usual, self.dropper, possible) = (verdict, dropper, [verdict])
        }

        /// The outcome of a rule of which it is not known whether it matches.
        var ifAtAll: Self {
            var outcome = Self(.goesOn)
            outcome.possible.formUnion(possible)
            return outcome
        }

        /// Adds what comes next to the ends so far.
        mutating func append(_ next: Self) {
            if usual == .goesOn { (usual, dropper) = (next.usual, next.dropper) }
            possible.remove(.goesOn)
            possible.formUnion(next.possible)
        }

        /// The same with another word for one of its ends.
        func calling(_ old: Verdict, _ new: Verdict) -> Self {
            var outcome = self
            if usual == old { outcome.usual = new }
            if outcome.possible.remove(old) != nil { outcome.possible.insert(new) }
            return outcome
        }
    }

    private let table: ForeignTable
    private let packet: ProbePacket
    private var steps = 0
    private var mayDropIn: String?
    private var rewrittenTo: (port: UInt16, chain: String)?
    private var registers: ProbeRegisters

    private init(_ table: ForeignTable, _ packet: ProbePacket, family: UInt8) {
        self.table = table
        self.packet = packet
        registers = ProbeRegisters(packet, family: family)
    }

    /// `family` is NFPROTO_IPV4 or NFPROTO_IPV6.
    static func result(
        for packet: ProbePacket,
        family: UInt8,
        in chain: String,
        dropsByDefault: Bool,
        _ table: ForeignTable
    ) -> TraceResult {
        var trace = RuleTrace(table, packet, family: family)
        let outcome = trace.follow(chain, depth: 0).calling(.returned, .goesOn)
            .calling(.goesOn, dropsByDefault ? .dropped : .accepted)
        var result = TraceResult(
            rewrittenTo: trace.rewrittenTo?.port,
            rewriter: trace.rewrittenTo?.chain
        )
        if outcome.usual == .dropped {
            result.end = outcome.possible.contains(.accepted) ? .mayPass : .drops
            result.dropper = outcome.dropper
        } else if outcome.possible.contains(.dropped) {
            result.end = .mayDrop
            result.dropper = trace.mayDropIn
        }
        return result
    }

    private mutating func follow(_ chain: String, depth: Int) -> Outcome {
        var outcome = Outcome(.goesOn)
        for rule in table.chains[chain] ?? [] where depth < 17 {
            steps += rule.count + 1
            guard steps < Self.mostSteps, outcome.possible.contains(.goesOn) else { break }
            outcome.append(run(rule, in: chain, depth))
        }
        return outcome
    }

    private mutating func run(_ rule: [ForeignExpression], in chain: String, _ depth: Int)
        -> Outcome
    {
        registers.forget()
        var matches = Answer.yes
        for step in rule {
            switch step {
            case .verdict(let verdict):
                let outcome = self.outcome(of: verdict, in: chain, depth)
                return matches == .yes ? outcome : outcome.ifAtAll
            case .lookup(let word, let set, _, decides: true):
                guard let elements = table.sets[set] ?? nil, let value = value(at: word, elements)
                else {
                    matches = .maybe
                    continue
                }
                guard let verdict = elements.element(of: value)?.verdict else {
                    return Outcome(.goesOn)
                }
                let outcome = self.outcome(of: verdict, in: chain, depth)
                return matches == .yes ? outcome : outcome.ifAtAll
            case .rewrite(let word, let port):
                let named =
                    word.flatMap { registers.bytes(at: $0, 2)?.network(UInt16.self) } ?? port
                if rewrittenTo == nil { rewrittenTo = (named ?? packet.port, chain) }
                // What is rewritten is so at once; no later rule of the chain sees it.
                return matches == .yes ? Outcome(.accepted) : Outcome(.goesOn)
            default:
                switch answer(step) {
                case .no: return Outcome(.goesOn)
                case .maybe: matches = .maybe
                case .yes: break
                }
            }
        }
        return Outcome(.goesOn)
    }

    private mutating func outcome(
        of verdict: ForeignVerdict,
        in chain: String,
        _ depth: Int
    ) -> Outcome {
        switch verdict {
        case .accept: return Outcome(.accepted)
        case .queue:
            mayDropIn = mayDropIn ?? chain
            var outcome = Outcome(.accepted)
            outcome.possible.insert(.dropped)
            return outcome
        case .drop:
            mayDropIn = mayDropIn ?? chain
            return Outcome(.dropped, dropper: chain)
        case .goOn: return Outcome(.goesOn)
        case .return: return Outcome(.returned)
        case .jump(let other):
            return follow(other, depth: depth + 1).calling(.returned, .goesOn)
        case .goto(let other):
            return follow(other, depth: depth + 1).calling(.goesOn, .returned)
        }
    }

    // MARK: matching

    private mutating func answer(_ step: ForeignExpression) -> Answer {
        switch step {
        case .load(let field, let word): registers.load(field, into: word)
        case .constant(let bytes, let word): registers.put(bytes, at: word)
        case .mask(let mask, let other, let from, let into):
            let old = registers.bytes(at: from, mask.count)
            registers.clear(into, mask.count)
            if let old {
                registers.put(zip(zip(old, mask), other).map { $0.0 & $0.1 ^ $1 }, at: into)
            }
        case .compare(let word, let kind, let data):
            if registers.isInterface(word), data.isLoopback { return Answer(kind == .unequal) }
            if registers.arePorts(word), data.network(UInt16.self, at: 2) != packet.port {
                return [.equal, .unequal].contains(kind) ? Answer(kind == .unequal) : .maybe
            }
            return registers.bytes(at: word, data.count).map { Answer(kind.holds($0, data)) }
                ?? .maybe
        case .range(let word, let from, let to, let isInverted):
            guard let value = registers.bytes(at: word, from.count) else { return .maybe }
            let isWithin =
                !value.lexicographicallyPrecedes(from) && !to.lexicographicallyPrecedes(value)
            return Answer(isWithin != isInverted)
        case .lookup(let word, let set, let isInverted, _):
            guard let elements = table.sets[set] ?? nil, let value = value(at: word, elements)
            else { return elementsAreNone(set) ? Answer(isInverted) : .maybe }
            return Answer((elements.element(of: value) != nil) != isInverted)
        case .destinationPort(let ranges, let isInverted, let besides):
            let isOneOf = ranges.contains { $0.contains(packet.port) } != isInverted
            return isOneOf && besides ? .maybe : Answer(isOneOf)
        case .state(let bits, let isInverted): return Answer((bits & 1 << 3 != 0) != isInverted)
        case .nothing, .divert: break
        case .never: return .no
        case .unknown, .verdict, .rewrite: return .maybe
        }
        return .yes
    }

    private func elementsAreNone(_ set: String) -> Bool {
        guard let elements = table.sets[set] ?? nil else { return false }
        return elements.isEmpty
    }

    private func value(at word: Int, _ elements: [ForeignElement]) -> [UInt8]? {
        elements.first.flatMap { registers.bytes(at: word, $0.key.count) }
    }
}

extension [UInt8] {
    /// The name of the loopback interface, or its number, which is 1 in every namespace.
    fileprivate var isLoopback: Bool {
        let name = prefix { $0 != 0 }
        return name.elementsEqual("lo".utf8) || count == 4 && native32(at: 0) == 1
    }
}
