import Admission
import AgentInterface
import Auditing
import AgentSettings
import Dispatch
import Enforcement
import Grants
import Lifecycle
import Linux
import Netfilter
import Varlink

/// Answers questions that take a while, off the engine's queue, from the state of now.
final class Questions {
    /// A question, with the parameters that its answer depends on.
    private enum Question: Hashable {
        case list(ListParameters)
        case explain(ExplainParameters)
        case inspect
        case count
        case prove(ProveParameters)
    }

    /// The number of answers that are kept.
    private static let bound = 64

    /// The work that makes an answer; `isDoubtful` if the state may have changed meanwhile.
    private typealias Work = @Sendable () -> (reply: EncodedReply, isDoubtful: Bool)

    /// The queues that make answers: those for root wait for nobody else's.
    private let queues = (
        root: DispatchQueue(label: "io.jitgate.answers.root"),
        others: DispatchQueue(label: "io.jitgate.answers")
    )
    /// Counts the changes of the state that answers tell of.
    private(set) var revision: UInt64 = 0
    private var counters = CounterCache()
    private var answers: [Question: SharedAnswer] = [:]
    private let clocks: Clocks
    private let policy: PolicyManager
    private let grants: GrantTable
    private let audit: AuditWriter
    private let firewall: FirewallWriter
    private let connections: ConnectionParts
    private let events: LoopEvents

    init(
        _ clocks: Clocks,
        _ policy: PolicyManager,
        _ grants: GrantTable,
        _ audit: AuditWriter,
        _ firewall: FirewallWriter,
        _ connections: ConnectionParts,
        _ events: LoopEvents
    ) {
        self.clocks = clocks
        self.policy = policy
        self.grants = grants
        self.audit = audit
        self.firewall = firewall
        self.connections = connections
        self.events = events
    }

    /// Notes that the state which answers tell of has changed.
    func stateChanged() { revision += 1 }

    private subscript(question: Question) -> SharedAnswer {
        get { answers[question] ?? SharedAnswer() }
        set {
            answers[question] = newValue
            guard answers.count > Self.bound else { return }
            answers = answers.filter { $0.key == question || !$0.value.isIdle }
        }
    }

    func list(
        _ parameters: ListParameters,
        from peer: PeerCredentials,
        _ call: PendingCall<GrantList>
    ) {
        ask(.list(parameters), from: peer, call.untyped)
    }

    func explain(
        _ parameters: ExplainParameters,
        from peer: PeerCredentials,
        _ call: PendingCall<Explanation>
    ) {
        ask(.explain(parameters), from: peer, call.untyped)
    }

    func inspect(from peer: PeerCredentials, _ call: PendingCall<Inspection>) {
        ask(.inspect, from: peer, call.untyped)
    }

    func count(from peer: PeerCredentials, _ call: PendingCall<AgentCounters>) {
        ask(.count, from: peer, call.untyped)
    }

    func prove(
        _ parameters: ProveParameters,
        from peer: PeerCredentials,
        _ call: PendingCall<ProveReply>
    ) {
        ask(.prove(parameters), from: peer, call.untyped)
    }

    private func ask(_ question: Question, from peer: PeerCredentials, _ call: AnyPendingCall) {
        let isRoot = peer.userID == 0
        let now = ClockReading.monotonicMicroseconds()
        switch self[question].ask(call, isRoot: isRoot, revision, at: now) {
        case .kept(let reply): call.finish(reply)
        case .waiting: break
        case .make: make(question, isRoot: isRoot)
        }
    }

    /// Makes the answer of now; where it is doubtful and something has changed it is made again.
    private func make(_ question: Question, isRoot: Bool, attempts: Int = 3) {
        let work = work(on: question, isRoot: isRoot)
        let revision = revision
        let queue = isRoot ? queues.root : queues.others
        events.run(on: queue) {
            let begin = ContinuousClock.now
            let (reply, isDoubtful) = work()
            return (reply, isDoubtful, spent: begin.duration(to: .now))
        } then: { loop, made in
            loop.questions.take(made, for: question, of: revision, isRoot: isRoot, attempts)
        }
    }

    private func take(
        _ made: (reply: EncodedReply, isDoubtful: Bool, spent: Duration),
        for question: Question,
        of asked: UInt64,
        isRoot: Bool,
        _ attempts: Int
    ) {
        guard !made.isDoubtful || revision == asked || attempts == 1 else {
            self[question].makeAgain(revision)
            return make(question, isRoot: isRoot, attempts: attempts - 1)
        }
        finish(question, made.reply, made.spent, isRoot: isRoot)
    }

    private func finish(
        _ question: Question,
        _ reply: EncodedReply,
        _ spent: Duration,
        isRoot: Bool
    ) {
        let now = ClockReading.monotonicMicroseconds()
        let (answered, makesAnother) = self[question].take(
            reply,
            took: spent.microseconds,
            revision,
            at: now
        )
        answered.first?.charge(spent)
        for call in answered { call.finish(reply) }
        if makesAnother { make(question, isRoot: isRoot) }
    }

    private func work(on question: Question, isRoot: Bool) -> Work {
        switch question {
        case .list(let parameters):
            let snapshot = listing(all: parameters.all, isRoot: isRoot)
            return { (EncodedReply(GrantList(grants: snapshot.entries)), false) }
        case .explain(let packet):
            return explaining(packet.source, packet.port)
        case .inspect:
            let (table, ports) = (firewall.gate.table.ownership, policy.loaded.shape.protected)
            return { (EncodedReply(KernelView.inspect(ownership: table, ports: ports)), false) }
        case .count:
            let counts = audit.published.counts
            return { (EncodedReply(counts.counters(denied: KernelView.deniedTraffic())), false) }
        case .prove(let parameters):
            let growth = LogGrowth(audit)
            return { (growth.proof(of: parameters.sizes), false) }
        }
    }

    private func explaining(_ source: Prefix, _ port: Port) -> Work {
        let explanation = explain(source, port)
        guard explanation.rule != .loopback else { return { (EncodedReply(explanation), false) } }
        let isProtected = policy.policy.ports[port] != nil
        return {
            let told = KernelView.confirm(explanation, of: source, port, isProtected: isProtected)
            return (EncodedReply(told), told.kernel == .differs)
        }
    }

    private func listing(all: Bool, isRoot: Bool) -> Listing {
        Listing(
            grants: Array(grants.lifecycle.grants.all),
            carried: carried(isRoot: isRoot),
            connections: connections.monitor.connections,
            sessions: connections.drains.counts,
            endings: audit.logState.endings(all: all),
            breakGlass: audit.logState.breakGlass,
            heldBack: grants.lifecycle.offers.waiting,
            now: clocks.read().closing
        )
    }

    /// The traffic of the openings of all grants until a moment ago.
    private func carried(isRoot: Bool) -> [Opening: Traffic] {
        let begin = ClockReading.monotonicMicroseconds()
        let open = grants.lifecycle.grants.all.filter(\.phase.isOpen)
        let openings = Set(open.flatMap(\.openings))
        let missing = counters.missing(of: openings, isRoot: isRoot, at: begin)
        guard firewall.isInstalled, !missing.isEmpty,
            let new = try? firewall.gate.traffic(of: missing)
        else { return counters.counted }
        if missing.count == openings.count {
            let end = ClockReading.monotonicMicroseconds()
            counters.take(all: new, from: begin, to: end)
        } else {
            counters.take(new)
        }
        return counters.counted
    }

    /// The verdict of policy and grants on a packet; the kernel is asked elsewhere.
    private func explain(_ source: Prefix, _ port: Port) -> Explanation {
        let rules = policy.policy
        let mode = rules.mode
        if source.isLoopback { return Explanation(mode: mode, rule: .loopback) }
        guard rules.ports[port] != nil else { return Explanation(mode: mode, rule: .unprotected) }
        if let network = rules.trusted.first(where: { $0.contains(source) }) {
            return Explanation(mode: mode, rule: .trusted, network: network)
        }
        let now = clocks.read().closing
        let openings = grants.lifecycle.held
        let held = openings.openings(covering: source, at: port).filter { $0.value > now }
        // The one that lasts longest says when access ends.
        guard let (opening, deadline) = held.max(by: { $0.value < $1.value }) else {
            return Explanation(mode: mode, rule: policy.isEnforcing ? .denied : .observe)
        }
        let holders = held.keys.flatMap { openings.holders(of: $0) }
        return Explanation(
            mode: mode,
            rule: .grant,
            network: opening.source,
            grants: Set(holders).sorted(),
            until: deadline
        )
    }
}
