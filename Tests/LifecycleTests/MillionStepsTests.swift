import Grants
import Lifecycle
import Scheduling
import TestSupport
import Testing

/// A host, the agent on it if one runs, and chance.
private struct Run {
    var random: SeededGenerator
    var host = ModelHost()
    var agent: ModelAgent?
    /// The last failure of disk or kernel, on the boot clock.
    var trouble: Int64 = 0
    var grants: [GrantID: Grant] = [:]
    /// The last events, for the report of a failure.
    private var events: [(at: Int64, what: Int)] = []

    /// The last events, since a failure is seldom about earlier ones.
    var history: String {
        events.suffix(12).map { "\($0.at): \(Self.names[$0.what])" }.joined(separator: "\n")
    }

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &random) }

    // MARK: what may happen

    mutating func step() {
        if agent == nil, number(0...2) == 0 { start() }
        let chance = number(0...20)
        events.append((host.boot, chance))
        switch chance {
        case 0...4: drop()
        case 5: remove()
        case 6: revoke()
        case 7: setWallClock()
        case 8: host.isDiskFull = number(0...2) == 0
        case 9: host.fuse = number(0...12)
        case 10 where number(0...3) == 0: reboot()
        case 11 where number(0...9) == 0: advance(by: 700_000_000)
        case 12: host.isKernelBroken = number(0...2) == 0
        default: advance(by: Int64(number(1...5_000_000)))
        }
        noteTrouble()
    }

    private static let names =
        Array(repeating: "drop", count: 5)
        + [
            "remove", "revoke", "set the wall clock", "fill or empty the disk", "die soon",
            "reboot",
            "a long time", "break or mend the kernel",
        ] + Array(repeating: "some time", count: 8)

    private mutating func noteTrouble() {
        if host.isDiskFull || host.isKernelBroken { trouble = host.boot }
    }

    private mutating func start() {
        if number(0...3) > 0 { host.fuse = nil }
        agent = try? ModelAgent(on: &host)
        if agent == nil { host.fuse = nil }
    }

    /// Lets the agent do something, which may be its last.
    private mutating func act(
        _ body: (inout ModelAgent, inout ModelHost) throws(ModelHost.Failure) -> Void
    ) {
        guard var living = agent.take() else { return }
        do {
            try body(&living, &host)
            agent = living
        } catch {
            host.fuse = nil
        }
    }

    private mutating func drop() {
        let now = max(host.wall, agent?.timeline.closing ?? host.wall)
        let delay = number(0...1) == 0 ? Duration.milliseconds(number(0...10_000)) : nil
        let length = number(0...1) == 0 ? Duration.milliseconds(number(10...20_000)) : nil
        let whole = makeGrant(grants.count + 1, source: number(0...2), expires: 0)
        let grant = Grant(
            id: whole.id,
            hosts: whole.hosts,
            requestor: whole.requestor,
            justification: nil,
            sources: whole.sources,
            ports: whole.ports,
            notBefore: delay.map { now + $0 },
            expires: now + .milliseconds(number(10...30_000)),
            duration: length,
            supersedes: superseded(by: whole.id)
        )
        grants[grant.id] = grant
        host.files[grant.id] = grant
        act { agent, host throws(ModelHost.Failure) in
            agent.receive(grant, on: host)
            try agent.settle(on: &host)
        }
    }

    /// Earlier grants of any kind or, at times, one that never came; seldom any.
    private mutating func superseded(by id: GrantID) -> [GrantID] {
        guard number(0...3) == 0, !grants.isEmpty else { return [] }
        let ids = (0...number(0...2)).map { _ in
            GrantID(value: UInt128(number(1...grants.count + (number(0...9) == 0 ? 4 : 0))))
        }
        return Set(ids).subtracting([id]).sorted()
    }

    private mutating func remove() {
        guard let id = host.files.keys.sorted().randomElement(using: &random) else { return }
        host.files[id] = nil
        end(id, because: .removed)
    }

    private mutating func revoke() {
        guard let id = host.files.keys.sorted().randomElement(using: &random) else { return }
        end(id, because: .revoked)
    }

    private mutating func end(_ id: GrantID, because reason: EndReason) {
        act { agent, host throws(ModelHost.Failure) in
            agent.end(id, because: reason)
            try agent.settle(on: &host)
        }
    }

    private mutating func setWallClock() {
        // Half of the time it comes back to about where it should be.
        let range = number(0...1) == 0 ? -20_000...20_000 : -500...500
        host.wallOffset = host.rightOffset + Int64(number(range)) * 1000
        act { agent, host throws(ModelHost.Failure) in try agent.settle(on: &host) }
    }

    private mutating func reboot() {
        agent = nil
        host.reboot(wallBehindBy: number(0...1) == 0 ? 0 : 7_200_000_000)
        trouble = 0
    }

    /// Time passes; the agent sleeps until it wants to be woken.
    private mutating func advance(by length: Int64) {
        let target = host.boot + length
        while let wake = agent?.wake(on: host), wake <= target {
            host.boot = max(host.boot, wake)
            noteTrouble()
            act { agent, host throws(ModelHost.Failure) in try agent.settle(on: &host) }
        }
        host.boot = target
    }

    // MARK: what must hold

    /// The model in a few lines: the log says nothing twice, what passes was recorded before and for no
    /// longer than it may, and while nothing fails the kernel has what the log says, to the microsecond.
    func check() -> String? {
        if let wrong = host.wrong.first { return wrong }
        for (opening, end) in host.kernel where end > host.boot {
            guard isWithinBounds(opening) else { return "\(opening) passes for too long" }
        }
        guard let agent, host.boot - trouble > 5_000_000 else { return nil }
        var time = agent.timeline
        let now = time.read(wall: host.wall, boot: host.boot)
        let model = host.shouldPass(at: now).mapValues { time.boot(at: $0) }
        guard host.kernel.filter({ $0.value > host.boot }) == model else {
            return "\(host.kernel) is not \(model)"
        }
        for (id, ids) in host.superseded where !host.closed.contains(id) {
            for old in ids where host.opened[old] != nil && !host.closed.contains(old) {
                return "\(old) is superseded by \(id) and lives"
            }
        }
        for (id, grant) in host.files where now < grant.expires && !host.closed.contains(id) {
            guard grant.notBefore ?? time.opening <= time.opening, host.opened[id] == nil else {
                continue
            }
            let isSuperseded = host.superseded.values.contains { $0.contains(id) }
            if !isSuperseded { return "\(id) waits" }
        }
        return nil
    }

    /// Returns true if a recorded grant opens it, and it has not lasted longer than it may.
    private func isWithinBounds(_ opening: Opening) -> Bool {
        host.begun.contains { id, begin in
            let since = begin.boot == host.bootNumber ? begin.at : 1_000_000
            return host.boot < since + begin.length.microseconds
                && grants[id]?.openings.contains(opening) == true
        }
    }
}

@Suite struct `The life of grants` {
    /// Runs of 125 steps, in 64 blocks: 1,000,000 steps where the compiler optimizes, as in
    /// `swift test -c release --filter LifecycleTests -Xswiftc -enable-testing`, and a quarter of them
    /// where it does not.
    private static let runs: UInt64 = {
        #if DEBUG
            32
        #else
            125
        #endif
    }()

    @Test(arguments: UInt64(0)..<64)
    func `keeps to the model whatever fails at any step`(block: UInt64) {
        for seed in block * Self.runs..<(block + 1) * Self.runs {
            var run = Run(seed: seed)
            for number in 0..<125 {
                run.step()
                guard let problem = run.check() else { continue }
                Issue.record("seed \(seed), step \(number): \(problem)\n\(run.history)")
                return
            }
        }
    }
}
