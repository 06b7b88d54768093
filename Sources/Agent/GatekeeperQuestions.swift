import Admission
import Auditing
import Configuration
import Control
import Dispatch
import Enforcement
import Grants
import Linux
import Netfilter
import Scheduling

/// Questions that take a while to answer, and what is known of their answers.
struct Questions {
    /// How many answers are kept.
    private static let bound = 64

    /// Where answers are made: those for root wait for nobody else's.
    let queues = (
        root: DispatchQueue(label: "io.jitgate.answers.root"),
        others: DispatchQueue(label: "io.jitgate.answers")
    )
    /// Counts the changes of what answers tell of.
    var revision: UInt64 = 0
    var counters = CounterCache()
    private var answers: [ControlRequest: SharedAnswer] = [:]

    subscript(request: ControlRequest) -> SharedAnswer {
        get { answers[request] ?? SharedAnswer() }
        set {
            answers[request] = newValue
            guard answers.count > Self.bound else { return }
            answers = answers.filter { $0.key == request || !$0.value.isIdle }
        }
    }
}

/// What the kernel counted when it was asked last, so that who asks for lists does not ask it too.
struct CounterCache {
    private static let freshness: Int64 = 1_000_000
    private static let price: Int64 = 10

    private(set) var counted: [Opening: Traffic] = [:]
    private var readAt = Int64.min / 2
    /// How long that took, in microseconds.
    private var spent: Int64 = 0

    /// Which of these openings have to be counted now: all of them if what is known is old.
    func missing(of openings: Set<Opening>, isRoot: Bool, at now: Int64) -> Set<Opening> {
        let age = max(Self.price * spent, isRoot ? 0 : Self.freshness)
        guard now - readAt < age else { return openings }
        return openings.filter { counted[$0] == nil }
    }

    /// Takes the counts of all openings there are.
    mutating func take(all new: [Opening: Traffic], from begin: Int64, to end: Int64) {
        (counted, readAt, spent) = (new, end, end - begin)
    }

    /// Takes the counts of some.
    mutating func take(_ new: [Opening: Traffic]) {
        counted.merge(new) { $1 }
    }
}

/// Answers that are made elsewhere than on the engine's queue.
extension Gatekeeper {
    /// What is to be done for an answer; `isDoubtful` where the state may have changed meanwhile.
    private typealias Work = @Sendable () -> (reply: EncodedReply, isDoubtful: Bool)

    func ask(_ request: ControlRequest, from peer: PeerCredentials, _ replier: ControlReplier) {
        let isRoot = peer.userID == 0
        let now = ClockReading.monotonicMicroseconds()
        switch questions[request].ask(replier, isRoot: isRoot, questions.revision, at: now) {
        case .kept(let reply): replier.finish(reply)
        case .waiting: break
        case .make: make(request, isRoot: isRoot)
        }
    }

    /// Makes the answer of now; where it is doubtful and something has changed it is made again.
    private func make(_ request: ControlRequest, isRoot: Bool, attempts: Int = 3) {
        let work = work(on: request, isRoot: isRoot)
        let revision = questions.revision
        let queue = isRoot ? questions.queues.root : questions.queues.others
        queue.async {
            let begin = ContinuousClock.now
            let (reply, isDoubtful) = work()
            let spent = begin.duration(to: .now)
            self.executor.queue.async {
                self.assumeIsolated { gatekeeper in
                    guard !isDoubtful || gatekeeper.questions.revision == revision || attempts == 1
                    else {
                        gatekeeper.questions[request].makeAgain(gatekeeper.questions.revision)
                        return gatekeeper.make(request, isRoot: isRoot, attempts: attempts - 1)
                    }
                    gatekeeper.finish(request, reply, spent, isRoot: isRoot)
                }
            }
        }
    }

    private func finish(
        _ request: ControlRequest,
        _ reply: EncodedReply,
        _ spent: Duration,
        isRoot: Bool
    ) {
        let now = ClockReading.monotonicMicroseconds()
        let (answered, makesAnother) = questions[request].take(
            reply,
            took: spent.microseconds,
            questions.revision,
            at: now
        )
        answered.first?.charge(spent)
        for replier in answered { replier.finish(reply) }
        if makesAnother { make(request, isRoot: isRoot) }
    }

    private func work(on request: ControlRequest, isRoot: Bool) -> Work {
        switch request {
        case .list(let all):
            let snapshot = listing(all: all, isRoot: isRoot)
            return { (EncodedReply(GrantList(grants: snapshot.entries)), false) }
        case .explain(let source, let port):
            return explaining(source, port)
        default:
            let (rung, ports) = (gate.rung.rawValue, rulebook.shape.protected)
            return { (EncodedReply(KernelView.inspect(rung: rung, ports: ports)), false) }
        }
    }

    private func explaining(_ source: String, _ port: String) -> Work {
        guard let source = try? Prefix(parsing: source), let port = try? Port(parsing: port) else {
            return { (EncodedReply(Explanation(mode: "", rule: .unprotected)), false) }
        }
        let explanation = explain(source, port)
        guard explanation.rule != .loopback else { return { (EncodedReply(explanation), false) } }
        let isProtected = rulebook.configuration.policy.ports[port] != nil
        return {
            let told = KernelView.confirm(explanation, of: source, port, isProtected: isProtected)
            return (EncodedReply(told), told.kernel == .differs)
        }
    }

    private func listing(all: Bool, isRoot: Bool) -> Listing {
        Listing(
            grants: Array(timetable.all),
            facts: facts,
            carried: carried(isRoot: isRoot),
            connections: visitors.connections,
            sessions: drainingCounts,
            endings: all ? trail.ledger.recentEndings.all : [],
            now: read()
        )
    }

    /// How many sessions of each grant that drains go on.
    private var drainingCounts: [GrantID: Int] {
        let draining = timetable.all.filter(\.isDraining).map { ($0.id, ongoing[$0.id].count) }
        return Dictionary(uniqueKeysWithValues: draining)
    }

    /// What the openings of all grants carried until a moment ago.
    private func carried(isRoot: Bool) -> [Opening: Traffic] {
        let begin = ClockReading.monotonicMicroseconds()
        let openings = Set(timetable.all.lazy.filter(\.isOpen).flatMap(\.grant.openings))
        let missing = questions.counters.missing(of: openings, isRoot: isRoot, at: begin)
        guard isInstalled, !missing.isEmpty, let new = try? gate.traffic(of: missing) else {
            return questions.counters.counted
        }
        if missing.count == openings.count {
            let end = ClockReading.monotonicMicroseconds()
            questions.counters.take(all: new, from: begin, to: end)
        } else {
            questions.counters.take(new)
        }
        return questions.counters.counted
    }
}
