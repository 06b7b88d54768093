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

    private enum Outcome {
        case goesOn, accepted, dropped, returned
    }

    private let table: ForeignTable
    private let packet: ProbePacket
    private var steps = 0
    private var mayAccept = false
    private var mayDropIn: String?
    private var dropper: String?
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
        var outcome = trace.follow(chain, depth: 0)
        if outcome == .goesOn || outcome == .returned {
            outcome = dropsByDefault ? .dropped : .accepted
        }
        var result = TraceResult(
            rewrittenTo: trace.rewrittenTo?.port,
            rewriter: trace.rewrittenTo?.chain
        )
        if outcome == .dropped {
            result.end = trace.mayAccept ? .mayPass : .drops
            result.dropper = trace.dropper
        } else if let chain = trace.mayDropIn {
            result.end = .mayDrop
            result.dropper = chain
        }
        return result
    }

    private mutating func follow(_ chain: String, depth: Int) -> Outcome {
        for rule in table.chains[chain] ?? [] where depth < 17 {
            steps += rule.count + 1
            guard steps < Self.mostSteps else { return .goesOn }
            let outcome = run(rule, in: chain, depth)
            if outcome != .goesOn { return outcome }
        }
        return .goesOn
    }

    private mutating func run(_ rule: [ForeignExpression], in chain: String, _ depth: Int)
        -> Outcome
    {
        registers.forget()
        var matches = Answer.yes
        for step in rule {
            switch step {
            case .verdict(let verdict): return decide(verdict, matches, in: chain, depth)
            case .lookup(let word, let set, _, decides: true):
                guard let elements = table.sets[set] ?? nil, let value = value(at: word, elements)
                else {
                    matches = .maybe
                    continue
                }
                guard let verdict = elements.element(of: value)?.verdict else {
                    return .goesOn
                }
                return decide(verdict, matches, in: chain, depth)
            case .rewrite(let word, let port):
                let named =
                    word.flatMap { registers.bytes(at: $0, 2)?.network(UInt16.self) } ?? port
                if rewrittenTo == nil { rewrittenTo = (named ?? packet.port, chain) }
                // What is rewritten is so at once; no later rule of the chain sees it.
                if matches == .yes { return .accepted }
                return .goesOn
            default:
                switch answer(step) {
                case .no: return .goesOn
                case .maybe: matches = .maybe
                case .yes: break
                }
            }
        }
        return .goesOn
    }

    private mutating func decide(
        _ verdict: ForeignVerdict,
        _ matches: Answer,
        in chain: String,
        _ depth: Int
    ) -> Outcome {
        let outcome: Outcome
        switch verdict {
        case .accept: outcome = .accepted
        case .queue:
            mayDropIn = mayDropIn ?? chain
            outcome = .accepted
        case .drop:
            if matches == .yes { dropper = dropper ?? chain }
            mayDropIn = mayDropIn ?? chain
            outcome = .dropped
        case .goOn: outcome = .goesOn
        case .return: outcome = .returned
        case .jump(let other):
            let inner = follow(other, depth: depth + 1)
            outcome = inner == .returned ? .goesOn : inner
        case .goto(let other):
            let inner = follow(other, depth: depth + 1)
            outcome = inner == .goesOn ? .returned : inner
        }
        guard matches != .yes else { return outcome }
        if outcome == .accepted { mayAccept = true }
        if outcome == .dropped { dropper = nil }
        return .goesOn
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
        case .destinationPort(let ranges, let isInverted):
            return Answer(ranges.contains { $0.contains(packet.port) } != isInverted)
        case .state(let bits, let isInverted): return Answer((bits & 1 << 3 != 0) != isInverted)
        case .nothing, .divert: break
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
